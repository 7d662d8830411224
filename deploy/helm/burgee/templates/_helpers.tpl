{{- define "burgee.labels" -}}
app.kubernetes.io/name: burgee
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}

{{- define "burgee.selector" -}}
app.kubernetes.io/name: burgee
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "burgee.fullname" -}}
{{- printf "%s-%s" .root.Release.Name .component | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "burgee.image" -}}
{{- $image := (index .root.Values .component).image -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* Of the whole pod: the standard "restricted" of Kubernetes, and no token to its API. */}}
{{- define "burgee.pod" -}}
serviceAccountName: {{ include "burgee.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "burgee.container" -}}
image: {{ include "burgee.image" . }}
imagePullPolicy: {{ (index .root.Values .component).image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources: {{ toYaml (index .root.Values .component).resources | nindent 2 }}
{{- end }}

{{- define "burgee.podMetadata" -}}
labels: {{ include "burgee.labels" . | nindent 2 }}
annotations:
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ .port | quote }}
  {{- with (index .root.Values .component).annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "burgee.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "burgee.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{ include "burgee.labels" . | nindent 4 }}
  {{- with (index .root.Values .component).serviceAccountAnnotations }}
  annotations: {{ toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}

{{/* Settings as variables: {access_log_sample: "0.01"} is BURGEE_EDGE_ACCESS_LOG_SAMPLE. */}}
{{- define "burgee.settings" -}}
{{- range $name, $value := (index .root.Values .component).settings }}
- {name: {{ printf "BURGEE_%s_%s" (upper $.component) (upper $name) }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "burgee.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "burgee.selector" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "burgee.selector" . | nindent 8 }}
{{- end }}
