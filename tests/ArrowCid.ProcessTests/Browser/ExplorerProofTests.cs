using System.Text.Json;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Http;
using ArrowCid.Signing;
using Microsoft.Playwright;
using static ArrowCid.ProcessTests.Browser.ExplorerBrowser;
using static Microsoft.Playwright.Assertions;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>What the explorer proves, refuses, and keeps to itself.</summary>
[Collection(ExplorerCollection.Name)]
public sealed class ExplorerProofTests(ExplorerBrowser browser)
{
    [BrowserFact]
    public async Task Byte_that_changed_on_the_way_or_on_the_disk_is_refused_and_nothing_is_shown()
    {
        ServedStore served = browser.Served;
        string cid = await PutTrades(served, 5000);
        IPage page = await browser.Open("about:blank");
        await page.RouteAsync("**/ipfs/**", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            byte[] bytes = await answer.BodyAsync();
            bytes[bytes.Length / 2] ^= 1;
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, BodyBytes = bytes });
        });
        _ = await page.GotoAsync($"{served.Http}/?cid={cid}");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Refused: the bytes that came are bafk");
        await Expect(page.Locator(".proof")).ToContainTextAsync("Refused");
        await Expect(page.Locator(".grid")).ToHaveCountAsync(0);
        await Picture(page, "explorer-refused");
        await page.UnrouteAllAsync();

        using (CidStore store = CidStore.Open(served.Directory)) Damage.Change(store, Cid.Parse(cid), 5000);
        _ = await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("500: ");
        await Expect(page.Locator(".grid")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task Batch_of_a_dataset_is_proved_when_its_rows_are_shown_and_refused_where_it_is_damaged()
    {
        ServedStore served = browser.Served;
        string rows = string.Join('\n', Enumerable.Range(0, 120));
        JsonElement put = await Call(served, HttpMethod.Post, "/v1/blocks?rowsPerBlock=40", $"n\n{rows}\n", "text/csv");
        Cid[] batches = [.. put.GetProperty("blocks").EnumerateArray().Select(each => Cid.Parse(each.GetProperty("cid").GetString()!))];
        Cid cid;
        using (CidStore store = CidStore.Open(served.Directory))
        {
            cid = store.Datasets.Put(batches).Cid;
            _ = store.Names.Set("trips", cid);
        }

        IPage page = await browser.Open($"{served.Http}/#/data/@trips", served);
        await Expect(page.Locator("#cid")).ToHaveTextAsync($"{cid}");
        await Expect(page.Locator("#proof")).ToContainTextAsync("each of its 3 batches is proved before its rows are shown");
        await Expect(page.Locator("#rows")).ToHaveTextAsync("120 rows, 1 column");
        await page.Locator(".grid").FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Expect(page.Locator(".grid tbody tr", new() { HasTextString = "119119" })).ToBeVisibleAsync();
        await Picture(page, "explorer-dataset");

        await page.RouteAsync("**/ipfs/**", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            byte[] bytes = await answer.BodyAsync();
            if (route.Request.Url.Contains("/bafkrei", StringComparison.Ordinal)) bytes[^20] ^= 1;
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, BodyBytes = bytes });
        });
        _ = await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Refused: the bytes that came are bafk");
        await Expect(page.Locator(".grid")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task Signed_statement_is_verified_with_WebCrypto_and_refused_once_a_byte_changed()
    {
        ServedStore served = browser.Served;
        string cid = await Put(served, "", "signed\n1\n");
        using SigningKey key = SigningKey.Create();
        using (CidStore store = CidStore.Open(served.Directory))
            _ = store.Signatures.Sign(Cid.Parse(cid), key, new Dictionary<string, string> { ["role"] = "approved" });
        IPage page = await browser.Open(served.Http, served);
        JsonElement said = await page.EvaluateAsync<JsonElement>("""
            async ([cid, token]) => {
              const { verifyStatement } = await import('/signing.mjs');
              const answer = await fetch(`/v1/blocks/${cid}/statements`, { headers: { authorization: `Bearer ${token}` } });
              const { block, cose } = await answer.json();
              const bytes = [block, cose].map(text => Uint8Array.from(atob(text), each => each.charCodeAt(0)));
              const said = await verifyStatement(...bytes);
              let taken = 0;
              for (const array of bytes) {
                for (let at = 0; at < array.length; at++) {
                  array[at] ^= 1;
                  taken += await verifyStatement(...bytes).then(() => 1, () => 0);
                  array[at] ^= 1;
                }
              }
              return { key: said.key, role: said.says.role, taken };
            }
            """, new[] { cid, served.Token });
        Assert.Equal((key.Id, "approved", 0), (said.GetProperty("key").GetString(), said.GetProperty("role").GetString(), said.GetProperty("taken").GetInt32()));

        // A server that lies about a statement does not get it proved.
        await page.RouteAsync("**/statements", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string text = (await answer.TextAsync()).Replace("\"cose\":\"0oRY", "\"cose\":\"0oRZ", StringComparison.Ordinal);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = text });
        });
        _ = await page.GotoAsync($"{served.Http}/#/data/{cid}/details");
        await Expect(page.Locator("#signers li .proof")).ToContainTextAsync("Refused");
    }

    [BrowserFact]
    public async Task Page_of_another_origin_reads_blocks_by_CID_and_nothing_else_and_its_token_stays()
    {
        ServedStore served = browser.Served;
        using ServedStore other = ServedStore.Start();
        string cid = await Put(served, "name=n", "a\n1\n");
        IPage page = await browser.Open($"{other.Http}/?server={Uri.EscapeDataString(served.Http)}#/data/{cid}", other);
        var secrets = new List<string>();
        page.Request += (_, request) =>
        {
            if (request.Headers.TryGetValue("authorization", out string? sent) && !request.Url.StartsWith(other.Http, StringComparison.Ordinal))
                secrets.Add(sent);
        };
        await Expect(page.Locator("#cid")).ToHaveTextAsync(cid);
        await Expect(page.Locator("#rows")).ToContainTextAsync("1 row");
        await page.GetByRole(AriaRole.Link, new() { Name = "Names" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("cannot be reached");
        Assert.Empty(secrets);

        const string Ask = "async ([url, token]) => { try { return (await fetch(url, { headers: { authorization: token } })).status } catch { return 0 } }";
        string token = $"Bearer {served.Token}";
        foreach (string path in new[] { "/v1/blocks", "/v1/history/n", $"/v1/blocks/{cid}/links", "/metrics" })
            Assert.Equal(0, await page.EvaluateAsync<int>(Ask, new[] { served.Http + path, token }));
        IPage own = await browser.Open(served.Http);
        Assert.Equal(200, await own.EvaluateAsync<int>(Ask, new[] { $"{served.Http}/v1/blocks", token }));
    }

    [BrowserFact]
    public async Task No_script_runs_but_the_explorers_own()
    {
        ServedStore served = browser.Served;
        IPage page = await browser.Open(served.Http);
        await page.EvaluateAsync("""
            () => {
              window.refused = [];
              document.addEventListener('securitypolicyviolation', (e) => window.refused.push(e.effectiveDirective));
              const script = document.createElement('script');
              script.textContent = 'window.ran = true';
              document.body.append(script);
              const far = document.createElement('script');
              far.src = 'https://elsewhere.example/x.js';
              document.body.append(far);
              document.body.setAttribute('style', 'color: red');
            }
            """);
        await page.WaitForFunctionAsync("() => window.refused.length >= 3");
        Assert.False(await page.EvaluateAsync<bool>("() => window.ran === true"));
        IResponse answer = (await page.ReloadAsync())!;
        Assert.Equal("frame-ancestors 'none'", answer.Headers["content-security-policy"]);
        Assert.Equal("nosniff", answer.Headers["x-content-type-options"]);
    }

    [BrowserFact]
    public async Task Hostile_names_tags_columns_and_cells_are_text_in_every_view()
    {
        ServedStore served = browser.Served;
        string name = Uri.EscapeDataString(Markup);
        string column = "</th><script>document.title='broken in'</script>";
        string before = await Put(served, $"name={name}&tag={Uri.EscapeDataString($"k={Markup}")}&producer={name}",
            $"id,{column}\n1,{column}\n2,\"{Markup.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n");
        string after = await Put(served, $"name={name}&about={Uri.EscapeDataString(JsonSerializer.Serialize(new { note = Markup }))}",
            $"id,{column}\n1,{column}\n2,javascript:alert(1)\n");
        IPage page = await browser.Open(served.Http, served);
        foreach (string view in new[]
        {
            "/search", "/names", $"/name/{name}", $"/data/{before}", $"/data/@{name}/profile", $"/data/{before}/links", $"/data/{after}/details",
            $"/diff/{before}/{after}", "/live", "/server", $"/{name}", $"/search?filter={name}",
        })
        {
            await Turn(page, view);
            Assert.Equal(0, await page.Locator("main img, main script, main a[href^='javascript:']").CountAsync());
            Assert.DoesNotContain("broken", (await page.TitleAsync()).Replace(Markup, "", StringComparison.Ordinal));
        }

        _ = await page.GotoAsync($"{served.Http}/#/data/{before}");
        await Expect(page.Locator(".grid tbody tr").Nth(1)).ToContainTextAsync(Markup);
        Assert.Equal(["1", "2", Markup], await Row(page, 1));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = column })).ToBeVisibleAsync();
    }
}
