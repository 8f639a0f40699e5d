"""What goes over the wire is compressed where that helps, and where it is not a secret's end."""

import gzip

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from dashboard.frame.compression import CompressionMiddleware
from dashboard.frame.middleware import HeadMiddleware

TEXT = "水质监测断面补偿协议。" * 200


def sent(response, method: str = "get"):
    """As the outermost middlewares leave it, for a browser that takes gzip."""
    chain = HeadMiddleware(CompressionMiddleware(lambda _: response))
    request = getattr(RequestFactory(), method)("/", headers={"accept-encoding": "gzip, br"})
    return chain(request)


def test_a_page_is_compressed_for_who_takes_that_and_as_it_is_for_others(people, client):
    client.force_login(people.bureau)
    packed = client.get("/about/", headers={"accept-encoding": "gzip"})
    plain = client.get("/about/")
    assert packed["Content-Encoding"] == "gzip"
    assert not plain.has_header("Content-Encoding")
    assert "Accept-Encoding" in packed["Vary"]
    assert "Accept-Encoding" in plain["Vary"]
    assert "<h1>" in gzip.decompress(packed.content).decode()
    assert len(packed.content) == int(packed["Content-Length"]) < len(plain.content) / 2


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "text/csv"])
def test_pages_json_and_csv_are_compressed_in_lengths_nobody_can_compare(kind):
    """Against BREACH: the same page comes in other lengths."""
    lengths = set()
    for _ in range(20):
        answer = sent(HttpResponse(TEXT, content_type=kind))
        assert gzip.decompress(answer.content).decode() == TEXT
        lengths.add(len(answer.content))
    assert len(lengths) > 1


def test_a_csv_that_is_written_as_it_is_sent_is_compressed_too():
    rows = StreamingHttpResponse(iter([TEXT, TEXT]), content_type="text/csv; charset=utf-8")
    answer = sent(rows)
    assert gzip.decompress(b"".join(answer)).decode() == TEXT * 2


@pytest.mark.parametrize("kind", ["application/pdf", "application/zip", "image/png"])
def test_files_that_are_compressed_already_keep_their_length(kind, tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"0" * 5000)
    answer = sent(FileResponse(file.open("rb"), content_type=kind))
    assert answer["Content-Length"] == "5000"
    assert not answer.has_header("Content-Encoding")
    assert len(b"".join(answer)) == 5000
    answer.close()


def test_a_part_of_a_file_stays_a_part_of_the_file():
    part = HttpResponse(TEXT, status=206, content_type="text/csv")
    assert not sent(part).has_header("Content-Encoding")


def test_head_of_a_compressed_page_says_no_length_as_each_has_another():
    answer = sent(HttpResponse(TEXT), "head")
    assert (answer.content, answer["Content-Encoding"]) == (b"", "gzip")
    assert not answer.has_header("Content-Length")


def test_a_tag_of_a_compressed_page_is_weak():
    page = HttpResponse(TEXT, headers={"ETag": '"a"'})
    assert sent(page)["ETag"] == 'W/"a"'
