"""Promise: what git and the forges say of a push is understood: a race is tried again, a refusal is
told with its reason, and only what surely never left is said not to have."""

from __future__ import annotations

import pytest

from burgee_compiler.git_program import Ran
from burgee_writer.git.pushes import failure_text, verdict_of
from burgee_writer.git.traffic import Traffic, read_traffic

REF = "0123:refs/heads/main"
HUNG_UP = (
    "send-pack: unexpected disconnect while reading sideband packet\n"
    "fatal: the remote end hung up unexpectedly\n"
)
FAILED = "error: failed to push some refs to 'https://git.example/flags.git'\n"

# What git puts out (the line of the reference), what stands on standard error, what it comes to.
SAID = [
    (f"*\t{REF}\t[new branch]", "", "done"),
    (f" \t{REF}\tabc..def", "remote: Resolving deltas: 100% (3/3), done.\n", "done"),
    (f"=\t{REF}\t[up to date]", "", "done"),
    (
        f" \t{REF}\tabc..def",
        ("remote: Bypassed rule violations for refs/heads/main:\n"
        "remote: - Changes must be made through a pull request.\n"),
        "done",
    ),
    # Races, as git sees them before it sends, as a remote does, and as forges put it.
    (f"!\t{REF}\t[rejected] (stale info)", FAILED, "lost"),
    (f"!\t{REF}\t[rejected] (fetch first)", FAILED, "lost"),
    (f"!\t{REF}\t[rejected] (non-fast-forward)", FAILED, "lost"),
    (f"!\t{REF}\t[rejected] (remote ref updated since checkout)", FAILED, "lost"),
    (f"!\t{REF}\t[remote rejected] (non-fast-forward)", FAILED, "lost"),
    (f"!\t{REF}\t[remote rejected] (failed to update ref)",
     "remote: error: cannot lock ref 'refs/heads/main': is at a but expected b\n", "lost"),
    (f"!\t{REF}\t[remote rejected] (failed to update ref)",
     ("remote: error: cannot lock ref 'refs/heads/main': Unable to create '/x/main.lock': "
     "File exists.\n"), "lost"),
    (f"!\t{REF}\t[remote rejected] (cannot lock ref 'refs/heads/main': is at a but expected b)",
     FAILED, "lost"),
    (f"!\t{REF}\t[remote rejected] (cannot lock ref 'refs/heads/main': reference already exists)",
     FAILED, "lost"),
    (f"!\t{REF}\t[remote rejected] (incorrect old value provided)", FAILED, "lost"),
    (f"!\t{REF}\t[remote rejected] (failed to lock)",
     "remote: error: failed to lock refs/heads/main\n", "lost"),
    (f"!\t{REF}\t[remote rejected] (LOCK_FAILURE)", FAILED, "lost"),
    ((f"!\t{REF}\t[remote rejected] (TF401028: The reference 'refs/heads/main' has already been "
     "updated by another client, so you cannot update it. Please try again.)"), FAILED, "lost"),
    (f"!\t{REF}\t[remote rejected] (error in hook)", FAILED, "lost"),
    # Gone, perhaps, a moment later; and if it is not, it is told with its reason.
    (f"!\t{REF}\t[remote rejected] (unpacker error)",
     "remote: fatal: pack exceeds maximum allowed size\n", "lost"),
    (f"!\t{REF}\t[remote rejected] (unable to migrate objects to permanent storage)", "", "lost"),
    # The will of the remote.
    (f"!\t{REF}\t[remote rejected] (pre-receive hook declined)",
     "remote: GitLab: You are not allowed to push code to protected branches on this project.\n",
     "refused"),
    (f"!\t{REF}\t[remote rejected] (pre-receive hook declined)",
     "remote: you cannot lock ref, fetch first\n", "refused"),
    (f"!\t{REF}\t[remote rejected] (protected branch hook declined)",
     "remote: error: GH006: Protected branch update failed for refs/heads/main.\n", "refused"),
    (f"!\t{REF}\t[remote rejected] (push declined due to repository rule violations)",
     "remote: error: GH013: Repository rule violations found for refs/heads/main.\n", "refused"),
    (f"!\t{REF}\t[remote rejected] (push declined due to email privacy restrictions)",
     "remote: error: GH007: Your push would publish a private email address.\n", "refused"),
    ((f"!\t{REF}\t[remote rejected] (refusing to allow an OAuth App to create or update workflow "
     "`.github/workflows/ci.yml` without `workflow` scope)"), FAILED, "refused"),
    ((f"!\t{REF}\t[remote rejected] (TF402455: Pushes to this branch are not permitted; you must "
     "use a pull request to update this branch.)"), FAILED, "refused"),
    (f"!\t{REF}\t[remote rejected] (prohibited by Gerrit: not permitted: update)", "", "refused"),
    (f"!\t{REF}\t[remote rejected] (hook declined)", "", "refused"),
    (f"!\t{REF}\t[remote rejected] (branch is currently checked out)", "", "refused"),
    (f"!\t{REF}\t[remote rejected] (shallow update not allowed)", "", "refused"),
    (f"!\t{REF}\t[remote rejected] (deny updating a hidden ref)", "", "refused"),
    (f"!\t{REF}\t[remote rejected] (failed to update ref)",
     ("remote: error: cannot lock ref 'refs/heads/main': 'refs/heads/main/x' exists; cannot create "
     "'refs/heads/main'\n"), "refused"),
    (f"!\t{REF}\t[remote rejected] (repository is archived)", "", "refused"),
    # Nothing to rely on.
    (f"!\t{REF}\t[remote failure] (remote failed to report status)", "", "unknown"),
    (f"!\t{REF}\t[remote rejected] (Internal Server Error)", "", "unknown"),
    (f"!\t{REF}\t[remote rejected] (internal error)", "", "unknown"),
    (f"!\t{REF}\t[remote rejected] (pre-receive hook timed out)", "", "unknown"),
    (f" \t{REF}\tabc..def", "fatal: the remote end hung up unexpectedly\n", "unknown"),
    ("", HUNG_UP, "unknown"),
    ("", "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\n" + HUNG_UP,
     "unknown"),
    ("", "error: RPC failed; HTTP 504 curl 22 The requested URL returned error: 504\n" + HUNG_UP,
     "unknown"),
    ("", "error: RPC failed; HTTP 408 curl 22 The requested URL returned error: 408\n" + HUNG_UP,
     "unknown"),
    ("", "error: RPC failed; curl 52 Empty reply from server\n" + HUNG_UP, "unknown"),
    ("", "error: RPC failed; curl 56 Recv failure: Connection timed out\n" + HUNG_UP, "unknown"),
    ("", "error: RPC failed; curl 55 Send failure: Broken pipe\n" + HUNG_UP, "unknown"),
    ("", "error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)\n"
     + HUNG_UP, "unknown"),
    ("", "error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec transferred\n"
     + HUNG_UP, "unknown"),
    ("", "Connection to git.example closed by remote host.\n" + HUNG_UP, "unknown"),
    ("", "fatal: early EOF\n", "unknown"),
    ("", "fatal: protocol error: bad line length character: <htm\n", "unknown"),
    ("", "fatal: remote error: Internal Server Error\n", "unknown"),
    # What a hook says that runs once the reference has moved is no word of git's own.
    ("", "remote: hooks/post-receive: 3: mail: not found\n" + HUNG_UP, "unknown"),
    ("", "remote: fatal: unable to access 'https://mirror.example/': 403\n" + HUNG_UP, "unknown"),
    ("", "remote: mirroring ... fatal: unable to access 'https://mirror.example/'\n" + HUNG_UP,
     "unknown"),
    ("", "remote: fatal: Could not read from remote repository.\n" + HUNG_UP, "unknown"),
    # Over before anything was sent.
    ("", ("fatal: unable to access 'https://git.example/flags.git/': Could not resolve host: "
     "git.example\n"), "unsent"),
    ("", ("fatal: unable to access 'https://git.example/flags.git/': Failed to connect to "
     "git.example port 443 after 3 ms: Couldn't connect to server\n"), "unsent"),
    ("", ("fatal: unable to access 'https://git.example/flags.git/': The requested URL returned "
     "error: 503\n"), "unsent"),
    ("", ("fatal: unable to access 'https://git.example/flags.git/': SSL certificate problem: "
     "certificate has expired\n"), "unsent"),
    ("", ("remote: Write access to repository not granted.\nfatal: unable to access "
     "'https://git.example/flags.git/': The requested URL returned error: 403\n"), "unsent"),
    ("", "fatal: repository 'https://git.example/flags.git/' not found\n", "unsent"),
    ("", ("remote: Invalid username or password.\n"
     "fatal: Authentication failed for 'https://git.example/flags.git/'\n"), "unsent"),
    ("", "fatal: could not read Username for 'https://git.example': terminal prompts disabled\n",
     "unsent"),
    ("", "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\n" + HUNG_UP,
     "unsent"),
    ("", "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\n" + HUNG_UP,
     "unsent"),
    ("", ("Looking up git.example ... done.\nConnecting to git.example (port 9418) ... fatal: "
     "unable to connect to git.example:\n127.0.0.1[0: 127.0.0.1]: errno=Connection refused\n"),
     "unsent"),
    ("", "fatal: unable to look up git.example (port 9418) (Name or service not known)\n",
     "unsent"),
    ("", "fatal: remote error: access denied or repository not exported: /flags.git\n", "unsent"),
    ("", ("git@git.example: Permission denied (publickey).\r\n"
     "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct "
     "access rights\nand the repository exists.\n"), "unsent"),
    ("", "Host key verification failed.\r\nfatal: Could not read from remote repository.\n",
     "unsent"),
    ("", "ERROR: Repository not found.\nfatal: Could not read from remote repository.\n",
     "unsent"),
    ("", "fatal: the remote end hung up upon initial contact\n", "unsent"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "err", "kind"), SAID)
def test_what_git_says_of_a_push(line: str, err: str, kind: str) -> None:
    code = 0 if kind == "done" else 1
    found = verdict_of(Ran(code, f"To https://git.example/flags.git\n{line}\nDone\n", err))
    assert found.kind == kind, found
    assert (found.reason == "") == (kind == "done")


SENT = "15:13:00.684819 http.c:684              => Send header: POST /x/git-receive-pack HTTP/1.1"
READ = "15:13:00.661855 http.c:684              => Send header: GET /x/info/refs HTTP/1.1"
PROXY = "15:13:00.661855 http.c:684              => Send header: CONNECT git.example:443 HTTP/1.1"
ANSWER = "15:13:00.726326 http.c:684              <= Recv header: HTTP/1.1 200 OK"
ANSWER_2 = "15:13:00.726326 http.c:684              <= Recv header: HTTP/2 403"
GO_ON = "15:13:00.726326 http.c:684              <= Recv header: HTTP/1.1 100 Continue"
INFO = "15:13:00.703042 http.c:725              == Info: Connection died, retrying"
SAYS = "POST git-receive-pack (350 bytes)"

TRACED = [
    ([], Traffic(False, 0)),
    ([INFO, READ], Traffic(False, 0)),
    ([READ, ANSWER, SAYS, SENT], Traffic(True, 1)),
    ([READ, ANSWER, SAYS, SENT, GO_ON], Traffic(True, 1)),
    ([READ, ANSWER, SAYS, SENT, ANSWER], Traffic(True, 0)),
    ([READ, ANSWER, SAYS, SENT, ANSWER_2], Traffic(True, 0)),
    ([READ, ANSWER, SAYS, SENT, ANSWER, SENT, ANSWER], Traffic(True, 0)),
    ([READ, ANSWER, SAYS, SENT, INFO, SENT, ANSWER], Traffic(True, 1)),
    ([READ, ANSWER, SAYS, SENT, INFO, PROXY, ANSWER, SENT, ANSWER], Traffic(True, 1)),
    ([SAYS], Traffic(True, 1)),
]


@pytest.mark.parametrize(("lines", "traffic"), TRACED)
def test_what_was_sent(lines: list[str], traffic: Traffic) -> None:
    found = read_traffic("\n".join([*lines, "fatal: x", "remote: y"]))
    assert found == (traffic, "fatal: x\nremote: y")


@pytest.mark.parametrize(
    ("ran", "traffic", "kind"),
    [
        (Ran(None, "", ""), Traffic(False, 0), "unsent"),
        (Ran(128, "", "fatal: anything"), Traffic(False, 0), "unsent"),
        (Ran(None, "", "fatal: unable to access '"), Traffic(True, 1), "unknown"),
        (Ran(1, f"!\t{REF}\t[remote rejected] (x)\n", ""), Traffic(True, 0), "refused"),
        (Ran(1, f"!\t{REF}\t[remote rejected] (x)\n", ""), Traffic(True, 1), "unknown"),
        (Ran(1, f"!\t{REF}\t[rejected] (stale info)\n", ""), Traffic(False, 0), "lost"),
        (Ran(1, "", "error: RPC failed; HTTP 403 curl 22\n"), Traffic(True, 0), "unsent"),
        (Ran(1, "", "error: RPC failed; HTTP 403 curl 22\n"), Traffic(True, 1), "unknown"),
        (Ran(0, f" \t{REF}\ta..b\n", ""), Traffic(True, 1), "done"),
        (Ran(None, "", ""), None, "unknown"),
    ],
)
def test_what_git_sent_twice_is_not_known_by_one_answer(
    ran: Ran, traffic: Traffic | None, kind: str
) -> None:
    """Nor by none; and what was not sent did not arrive."""
    assert verdict_of(ran, traffic).kind == kind


TOLD = [
    (
        "Pushing to https://git.example/x\n"
        "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\n" + HUNG_UP,
        "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502",
    ),
    (
        "fatal: could not read Username for 'https://git.example': terminal prompts disabled\n",
        "it does not take our credentials, or asks for some",
    ),
    (
        (
            "git@git.example: Permission denied (publickey).\r\n"
            "fatal: Could not read from remote repository.\n\nPlease make sure\n"
        ),
        "it does not take our credentials, or asks for some",
    ),
    (
        "ERROR: Repository not found.\nfatal: Could not read from remote repository.\n",
        "ERROR: Repository not found.",
    ),
    (
        (
            "ssh: connect to host git.example port 22: Connection refused\r\n"
            "fatal: Could not read from remote repository.\n"
        ),
        "ssh: connect to host git.example port 22: Connection refused",
    ),
    (
        "Host key verification failed.\r\nfatal: Could not read from remote repository.\n",
        "Host key verification failed.",
    ),
    (
        "fatal: unable to access 'https://x:s3cret@git.example/': Could not resolve host\n",
        "fatal: unable to access 'https://git.example/': Could not resolve host",
    ),
    (
        "fatal: unable to access 'https://git.example/': The requested URL returned error: 301\n",
        (
            "fatal: unable to access 'https://git.example/': The requested URL returned error: 301"
            "; it is at another address now"
        ),
    ),
    ("", "git ended with 128"),
    ("remote: something\n", "git ended with 128"),
    ("fatal: \x1b[31mred\x1b[0m\x07\n", "fatal: [31mred [0m"),
]


@pytest.mark.parametrize(("err", "text"), TOLD)
def test_what_a_client_is_told(err: str, text: str) -> None:
    assert failure_text(Ran(128, "", err)) == text


def test_a_reason_is_one_line_of_what_the_remote_says() -> None:
    line = f"!\t{REF}\t[remote rejected] (protected branch hook declined)"
    err = "remote: error: GH006: Protected.        \nremote: \nremote: - \x1b[1mask\n"
    found = verdict_of(Ran(1, f"To x\n{line}\nDone\n", err))
    assert found.reason == "protected branch hook declined: error: GH006: Protected. - [1mask"
