"""While posts are ticked, what is left of the Zuwendung is shown at once."""


def test_the_vzae_left_follow_what_is_ticked(served, browser):
    page = served.open(browser)
    page.goto(f"{served.url}/zuwendungen/bescheid/kim-2023/stellen/")
    told = page.locator("[data-granted]")
    granted = float(told.get_attribute("data-granted"))
    boxes = page.locator("input[data-fte]")
    sizes = boxes.evaluate_all("all => all.map(box => [box.checked, Number(box.dataset.fte)])")
    ticked = sum(size for checked, size in sizes if checked)

    def german(number):
        words = f"{number:.3f}".rstrip("0")
        return (words + "0" if words.endswith(".") else words).replace(".", ",")

    before = told.inner_text()
    assert f"Angekreuzt: {german(ticked)} von {german(granted)} VZÄ" in before
    first = next(number for number, (checked, _) in enumerate(sizes) if checked)
    boxes.nth(first).uncheck()
    assert f"Angekreuzt: {german(ticked - sizes[first][1])} von" in told.inner_text()
    assert "sind noch frei" in told.inner_text()
    boxes.nth(first).check()
    assert told.inner_text() == before
    page.locator(f"[name=post-{first}-part]").fill("0,123")
    assert f"Angekreuzt: {german(ticked - sizes[first][1] + 0.123)} von" in told.inner_text()
    assert page.problems == []
