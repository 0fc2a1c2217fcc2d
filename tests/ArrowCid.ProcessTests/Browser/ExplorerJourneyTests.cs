using ArrowCid.ProcessTests.Flight;
using ArrowCid.Signing;
using Microsoft.Playwright;
using static ArrowCid.ProcessTests.Browser.ExplorerBrowser;
using static Microsoft.Playwright.Assertions;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>The ways of three people through the explorer, from the first page to what they came for.</summary>
[Collection(ExplorerCollection.Name)]
public sealed class ExplorerJourneyTests(ExplorerBrowser browser)
{
    [BrowserFact]
    public async Task Newcomer_signs_in_searches_with_completion_and_reads_a_proved_table()
    {
        ServedStore served = browser.Served;
        string cid = await PutTrades(served, more: "&name=trades&tag=day%3Dmonday");
        IPage page = await browser.Open(served.Http);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Sign in with a token that may read.");
        await page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.FillAsync("#token", "not the token");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("401: ");
        await page.FillAsync("#token", served.Token);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "@trades" })).ToBeVisibleAsync();
        Assert.DoesNotContain(served.Token, page.Url);

        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#filter")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("tag.d");
        await Expect(page.GetByRole(AriaRole.Option)).ToHaveTextAsync("tag.day a tag of this store");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("= ");
        await Expect(page.GetByRole(AriaRole.Option)).ToHaveTextAsync("\"monday\" value of this tag");
        await Picture(page, "explorer-search");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#filter")).ToHaveValueAsync("tag.day = \"monday\"");
        await Expect(page.Locator(".list tbody tr")).ToHaveCountAsync(1);
        Assert.EndsWith("/#/search?filter=tag.day+%3D+%22monday%22", page.Url, StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Link, new() { Name = "@trades" }).ClickAsync();
        await Expect(page.Locator("#proof")).ToContainTextAsync("SHA-256 of the bytes is the digest in the CID.");
        await Expect(page.Locator("#cid")).ToHaveTextAsync(cid);
        await Expect(page.Locator("#rows")).ToHaveTextAsync("10,000 rows, 7 columns");
        await Expect(page.Locator(".grid tbody tr").First).ToBeVisibleAsync();
        string[] names = await page.EvalOnSelectorAllAsync<string[]>(".grid thead button", "cells => cells.map(c => c.textContent)");
        Assert.Equal(["at", "px", "symbol", "qty", "flags", "route", "note"], names);
        Assert.Equal(["timestamp[us, UTC]", "decimal128(10, 2)"], (await page.Locator(".grid thead small").AllInnerTextsAsync()).Take(2));
        Assert.Equal(["0", "2026-11-20 09:30:00 UTC", "101.25", "AAPL", "null", "[open]", "{venue: X, hops: 0}", Markup], await Row(page, 0));
        await Picture(page, "explorer-table");

        // By keyboard: to the last row, with few rows in the page.
        await page.Locator(".grid").FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Expect(page.Locator(".grid tbody th", new() { HasTextString = "9,999" })).ToBeVisibleAsync();
        Assert.InRange(await page.Locator(".grid tbody tr").CountAsync(), 5, 100);
        await page.Keyboard.PressAsync("Home");
        await Expect(page.Locator(".grid tbody th").First).ToHaveTextAsync("0");
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator(".grid tbody th").First).ToHaveTextAsync("1");
        Assert.DoesNotContain("broken", await page.TitleAsync());
    }

    [BrowserFact]
    public async Task Analyst_sorts_filters_profiles_follows_links_and_compares_two_versions()
    {
        ServedStore served = browser.Served;
        string raw = await Put(served, "producer=feed", "id,px\n7,1\n");
        string[] rows = [.. Enumerable.Range(0, 300).Select(i => $"{i},{(i == 9 ? "" : $"{i % 50}.5")},{(i % 3 == 0 ? "a" : "b")}")];
        string before = await Put(served, $"name=prices&parent={raw}", $"id,px,side\n{string.Join('\n', rows)}\n");
        rows[20] = "20,99.5,b";
        string after = await Put(served, $"name=prices&parent={before}", $"id,px,side\n{string.Join('\n', rows.Skip(1))}\n300,7.5,a\n");
        IPage page = await browser.Open($"{served.Http}/#/data/{before}", served);

        await page.GetByRole(AriaRole.Button, new() { Name = "px", Exact = true }).ClickAsync();
        await Expect(page.Locator(".grid th[aria-sort=ascending]")).ToContainTextAsync("px");
        await Expect(page.Locator(".grid tbody tr").First).ToContainTextAsync("0.5");
        Assert.Equal(["0", "0", "0.5", "a"], await Row(page, 0));
        Assert.Equal(["50", "50", "0.5", "b"], await Row(page, 1));
        await page.GetByRole(AriaRole.Button, new() { Name = "px", Exact = true }).ClickAsync();
        await Expect(page.Locator(".grid th[aria-sort=descending]")).ToContainTextAsync("px");
        Assert.Equal(["49", "49", "49.5", "b"], await Row(page, 0));
        await page.SelectOptionAsync(".row-filter select >> nth=0", "px");
        await page.SelectOptionAsync(".row-filter select >> nth=1", ">=");
        await page.FillAsync(".row-filter input", "48");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#rows")).ToHaveTextAsync("12 rows of 300, 3 columns");
        Assert.Equal(["49", "49", "49.5", "b"], await Row(page, 0));
        Assert.Equal(["48", "48", "48.5", "a"], await Row(page, 6));

        await page.GetByRole(AriaRole.Link, new() { Name = "Profile" }).ClickAsync();
        await Expect(page.Locator(".summary .proof").Last).ToContainTextAsync("Proved");
        ILocator px = page.Locator(".card").Nth(1);
        await Expect(px).ToContainTextAsync("Nulls1 (0.33 %)");
        await Expect(px).ToContainTextAsync("Distinct50");
        await Expect(px.Locator(".quantiles")).ToHaveTextAsync("min0.55 %2.525 %12.5median25.575 %37.595 %47.5max49.5");
        Assert.Equal(24, await px.Locator(".histogram rect").CountAsync());
        await Expect(page.Locator(".card").Nth(2)).ToContainTextAsync("b200");
        await Picture(page, "explorer-profile");

        await page.GetByRole(AriaRole.Link, new() { Name = "Links" }).ClickAsync();
        await Expect(page.Locator(".graph .node")).ToHaveCountAsync(3);
        await Expect(page.Locator(".graph path")).ToHaveCountAsync(2);
        await Expect(page.Locator(".graph .node").First).ToHaveAttributeAsync("href", $"#/data/{before}/links");
        await Picture(page, "explorer-links");

        await page.GotoAsync($"{served.Http}/#/name/prices");
        await Expect(page.Locator(".history li")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "What changed" }).ClickAsync();
        await Expect(page.Locator("#difference")).ToHaveTextAsync("~ 1 changed + 1 added − 1 removed 298 equal");
        await Expect(page.Locator("#key")).ToHaveValueAsync("id");
        await Expect(page.Locator("tr.changed .cell-changed")).ToHaveTextAsync("20.5 99.5");
        await Expect(page.Locator("tr.added")).ToContainTextAsync("300");
        await Expect(page.Locator("tr.removed")).ToContainTextAsync("− removed");
        await Picture(page, "explorer-compare");
        await page.SelectOptionAsync("#key", "by position");
        await Expect(page.Locator("#difference")).ToContainTextAsync("300 changed");
        Assert.Contains($"#/diff/{before}/{after}?key=by+position", page.Url);
    }

    [BrowserFact]
    public async Task Integers_beyond_53_bits_are_sorted_exactly()
    {
        string cid = await Put(browser.Served, "", "n\n9007199254740993\n9007199254740992\n9007199254740994\n");
        IPage page = await browser.Open($"{browser.Served.Http}/#/data/{cid}");
        await page.GetByRole(AriaRole.Button, new() { Name = "n", Exact = true }).ClickAsync();
        await Expect(page.Locator(".grid th[aria-sort=ascending]")).ToContainTextAsync("n");
        Assert.Equal(["1", "9007199254740992"], await Row(page, 0));
        Assert.Equal(["0", "9007199254740993"], await Row(page, 1));
        Assert.Equal(["2", "9007199254740994"], await Row(page, 2));
    }

    [BrowserFact]
    public async Task Operator_watches_puts_names_and_messages_and_sees_figures_copies_and_signers()
    {
        ServedStore served = browser.Served;
        string cid = await Put(served, "name=first", "operator\n1\n");
        using SigningKey key = SigningKey.Create();
        string cold = Path.Combine(served.Folder, "cold");
        using (CidStore store = CidStore.Open(served.Directory))
        {
            _ = store.Signatures.Sign(Cid.Parse(cid), key, new Dictionary<string, string> { ["role"] = "approved" });
            Directory.CreateDirectory(cold);
            store.Places.Add(new BlockPlace { Name = "cold", Location = cold });
            _ = store.Places.Copy([Cid.Parse(cid)], "cold");
        }

        _ = await Call(served, HttpMethod.Post, "/v1/channels", """{"name": "notes", "open": true}""", "application/json");
        IPage page = await browser.Open("about:blank", served);
        Task<IResponse> names = page.WaitForResponseAsync(answer => answer.Url.EndsWith("/v1/names", StringComparison.Ordinal));
        _ = await page.GotoAsync($"{served.Http}/#/live");
        await (await names).FinishedAsync();
        await Expect(page.Locator("#connection")).ToHaveTextAsync("Connected.");
        Task<IResponse> channel = page.WaitForResponseAsync(answer => answer.Url.EndsWith("/notes/messages", StringComparison.Ordinal));
        await page.SelectOptionAsync("select", "notes");
        _ = await channel;
        string second = await Put(served, "name=second", "operator\n1\n2\n");
        _ = await Call(served, HttpMethod.Post, "/v1/channels/notes/messages", """{"text": "hello <b>"}""", "application/json");
        await Expect(page.Locator(".live .put").First).ToContainTextAsync("2 rows");
        await Expect(page.Locator(".live .put .cid").First).ToHaveAttributeAsync("title", second);
        await Expect(page.Locator(".live .message")).ToContainTextAsync("notes: hello <b>");
        await Expect(page.Locator(".live .name")).ToContainTextAsync("@second is new");
        await Picture(page, "explorer-live");

        await page.GetByRole(AriaRole.Link, new() { Name = "Server" }).ClickAsync();
        ILocator blocks = page.Locator(".card", new() { HasTextString = "Blocks put per second" });
        await Expect(blocks.Locator("polyline")).ToHaveCountAsync(1);
        await Expect(page.Locator(".card", new() { HasTextString = "Bytes taken" }).Locator(".figure")).Not.ToHaveTextAsync("0 bytes");
        await Expect(page.Locator(".card", new() { HasTextString = "Names" }).Locator(".figure")).Not.ToHaveTextAsync("0");
        await Expect(page.Locator("#places tbody tr")).ToContainTextAsync($"cold{cold}");
        await Expect(page.Locator("#settings summary")).ToContainTextAsync("settings of the server");
        await Picture(page, "explorer-server");

        await page.GotoAsync($"{served.Http}/#/data/@first/details");
        ILocator signer = page.Locator("#signers li");
        await Expect(signer).ToContainTextAsync(key.Id);
        await Expect(signer.Locator(".proof")).ToContainTextAsync("Proved");
        await Expect(signer).ToContainTextAsync("roleapproved");
        await Expect(page.Locator(".panel", new() { HasTextString = "Copies" }).First).ToContainTextAsync("cold");
        await Picture(page, "explorer-details");
    }
}
