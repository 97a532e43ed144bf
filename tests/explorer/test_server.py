"""Whom the server answers, and what."""

import json

import numpy as np
import pytest

from keras_latent.explorer import Exploration
from keras_latent.explorer.answers import MOST_CODES, Answers
from keras_latent.explorer.server import application
from tests.explorer.conftest import COUNT

TOKEN, PORT = "t-O_k3n", 8123


@pytest.fixture(scope="module")
def exploration(conditional, images, labels):
    return Exploration(conditional, images, labels)


def unpacked(content):
    """The header, and the arrays by their names."""
    start = 4 + int.from_bytes(content[:4], "little")
    header = json.loads(content[4:start])
    arrays = {
        name: np.frombuffer(
            content,
            entry["dtype"],
            int(np.prod(entry["shape"])),
            start + entry["offset"],
        ).reshape(entry["shape"])
        for name, entry in header["arrays"].items()
    }
    return header, arrays


class TestAnswers:
    def test_what_a_page_begins_with(self, exploration, images, labels):
        header, arrays = unpacked(Answers(exploration).answer({"kind": "load"}))
        assert header["count"] == COUNT
        assert header["conditions"] == ["0", "1", "2"]
        assert header["classes"] == ["0", "1", "2"]
        assert header["code_shape"] == [4, 4, 2]
        np.testing.assert_array_equal(arrays["labels"], labels)
        np.testing.assert_array_equal(arrays["conditions"], labels)
        codes = exploration.model.encode(images, labels).reshape(COUNT, -1)
        np.testing.assert_allclose(arrays["codes"], codes, atol=1e-6)

    def test_pictures(self, exploration):
        codes = np.random.default_rng(0).normal(size=(2, 32)).astype("float32")
        question = {"kind": "decode", "codes": codes.tolist(), "condition": 2}
        _, arrays = unpacked(Answers(exploration).answer(question))
        wanted = exploration.model.decode(codes.reshape(2, 4, 4, 2), np.array([2, 2]))
        np.testing.assert_allclose(arrays["pictures"], wanted, atol=1e-6)

    def test_an_original(self, exploration, images):
        answer = Answers(exploration).answer({"kind": "original", "row": 7})
        _, arrays = unpacked(answer)
        np.testing.assert_array_equal(arrays["picture"], np.rint(images[7] * 255))

    def test_samples_are_those_of_the_seed(self, exploration):
        answers = Answers(exploration)
        drawn = [
            unpacked(answers.answer({"kind": "sample", "count": 5, "seed": seed}))[1]
            for seed in (1, 1, 2)
        ]
        np.testing.assert_array_equal(drawn[0]["codes"], drawn[1]["codes"])
        assert np.abs(drawn[0]["codes"] - drawn[2]["codes"]).min() > 0

    @pytest.mark.parametrize(
        ("question", "message"),
        [
            ({"kind": "save"}, "`kind` must be one of load, decode.*Received: 'save'"),
            ({"kind": ["load"]}, "`kind` must be one of"),
            ([], "`kind` must be one of.*Received: None"),
            ({"kind": "decode"}, "`codes` must be 1 to 256 lists of 32 numbers"),
            ({"kind": "decode", "codes": [["a"]]}, "`codes` must be 1 to 256"),
            ({"kind": "decode", "codes": [[1.0]]}, "32 numbers each. Received: 1 num"),
            (
                {"kind": "decode", "codes": [[0.0] * 32] * (MOST_CODES + 1)},
                "`codes` must be 1 to 256",
            ),
            (
                {"kind": "decode", "codes": [[0.0] * 32], "condition": 3},
                "`condition` must be an integer from -1 to 2. Received: condition=3",
            ),
            (
                {"kind": "decode", "codes": [[float("nan")] * 32], "condition": 0},
                "`z` must be finite",
            ),
            ({"kind": "original", "row": -1}, "`row` must be an integer from 0 to 39"),
            ({"kind": "original", "row": True}, "`row` must be .* Received: row=True"),
            ({"kind": "sample", "count": 10**9, "seed": 0}, "`count` must be .* 256"),
        ],
    )
    def test_what_is_not_answered(self, question, message, exploration):
        with pytest.raises(ValueError, match=message):
            Answers(exploration).answer(question)


def respond(app, path, method="GET", headers=(), body=b""):
    """What the application gives: the status, the headers and the body."""
    import asyncio

    given = {"host": f"127.0.0.1:{PORT}", **dict(headers)}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", PORT),
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent = []

    async def receive():
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = sent[0]
    received = {name.decode(): text.decode() for name, text in start["headers"]}
    return start["status"], received, b"".join(each.get("body", b"") for each in sent)


@pytest.fixture(scope="module")
def app(exploration):
    pytest.importorskip("starlette")
    return application(exploration, TOKEN, PORT)


class TestServer:
    def test_the_page(self, app):
        status, headers, body = respond(app, f"/{TOKEN}/")
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        nonce = policy.split("'nonce-")[1].split("'")[0]
        assert f'<script type="module" nonce="{nonce}">' in body.decode()
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers
        _, again, _ = respond(app, f"/{TOKEN}/")
        assert nonce not in again["content-security-policy"]

    def test_a_question(self, app):
        question = {"kind": "sample", "count": 2, "seed": 0}
        status, _, body = respond(
            app,
            f"/{TOKEN}/ask",
            "POST",
            {"origin": f"http://127.0.0.1:{PORT}"},
            json.dumps(question).encode(),
        )
        assert status == 200
        assert unpacked(body)[1]["codes"].shape == (2, 32)

    @pytest.mark.parametrize("path", ["/", "/ask", "/wrong/", "/wrong/ask", "//"])
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_without_the_token(self, path, method, app):
        status, _, body = respond(app, path, method, body=b'{"kind": "load"}')
        assert status == 403
        assert body == b"The address lacks the token that was printed."

    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "null",
            "http://127.0.0.1",
            f"https://127.0.0.1:{PORT}",
            f"http://localhost:{PORT}",
        ],
    )
    def test_a_foreign_origin(self, origin, app):
        for path, method in ((f"/{TOKEN}/", "GET"), (f"/{TOKEN}/ask", "POST")):
            status, _, body = respond(app, path, method, {"origin": origin})
            assert status == 403
            assert b"its own page alone" in body

    @pytest.mark.parametrize(
        "host",
        ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "", "127.0.0.1:80"],
    )
    def test_a_foreign_host(self, host, app):
        status, _, body = respond(app, f"/{TOKEN}/", headers={"host": host})
        assert status == 403
        assert b"its own address alone" in body

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"{", "The question must be JSON, which it isn't"),
            (b"\xff", "The question must be JSON, which it isn't"),
            (b"[" * 100_000, "The question must be JSON, which it isn't"),
            (b"null", "`kind` must be one of"),
        ],
    )
    def test_nonsense(self, body, message, app):
        status, headers, answer = respond(app, f"/{TOKEN}/ask", "POST", body=body)
        assert status == 400
        assert message in answer.decode()
        assert headers["content-type"].startswith("text/plain")

    def test_a_question_of_any_length(self, app):
        body = b" " * (16 * 2**20 + 1)
        status, _, _ = respond(app, f"/{TOKEN}/ask", "POST", body=body)
        assert status == 413
