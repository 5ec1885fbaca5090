"""Streams whose packed bytes end with CR are packed again; the document and its bytes stay the same from run to run."""

import io
import zlib

import pikepdf

from kim.studio import pdf


def ending_with_cr():
    """Content whose packed bytes end with CR."""
    return next(c for n in range(100_000) if (c := b"BT %d ET" % n) and zlib.compress(c).endswith(b"\r"))


def test_no_stream_ends_with_cr():
    content = ending_with_cr()

    def made():
        with pikepdf.new() as file:
            file.add_blank_page()
            file.pages[0].Contents = pikepdf.Stream(file, content)
            file.pages[0].Contents.write(zlib.compress(content), filter=pikepdf.Name.FlateDecode)
            return pdf.saved(file)

    found = made()
    assert b"\r\nendstream" not in found and made() == found
    with pikepdf.open(io.BytesIO(found)) as file:
        assert file.pages[0].Contents.read_bytes() == content


def test_counter_without_packing_again_there_is_one():
    content, target = ending_with_cr(), io.BytesIO()
    with pikepdf.new() as file:
        file.add_blank_page()
        file.pages[0].Contents = pikepdf.Stream(file, content)
        file.pages[0].Contents.write(zlib.compress(content), filter=pikepdf.Name.FlateDecode)
        file.save(target)
    assert b"\r\nendstream" in target.getvalue()
