using System.Text;
using System.Text.Json;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Http;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>The page of <c>arrowcid serve</c> in headless Chromium. Its pictures stay in
/// <c>.artifacts/screenshots</c>.</summary>
public sealed class PageTests : IAsyncLifetime
{
    private const int Rows = 10_000;
    private const float WaitMilliseconds = 60_000;
    private const string Markup = "<img src=x onerror=\"document.title='broken in'\">";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    private static string Pictures { get; } = Path.Combine(Command.Root, ".artifacts", "screenshots");

    public async Task InitializeAsync()
    {
        if (BrowserFactAttribute.Chromium is not { } program) return;
        SetDefaultExpectTimeout(WaitMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Timeout = WaitMilliseconds,
            // A container has no user namespaces for the sandbox, and little shared memory.
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    [BrowserFact]
    public async Task A_batch_is_fetched_proved_and_shown_in_light_and_in_dark()
    {
        using ServedStore served = ServedStore.Start();
        string cid = PutTrades(served);
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            IPage page = await Open($"{served.Http}/?cid={cid}", scheme);
            await Expect(page.Locator("output.verified")).ToContainTextAsync($"Verified. SHA-256 of what came is the digest in {cid}.");
            await Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);
            Assert.Equal(["at", "px", "symbol", "qty", "flags", "route", "note"],
                await page.EvalOnSelectorAllAsync<string[]>("thead th:not(:first-child)", "cells => cells.map(c => c.firstChild.data)"));
            Assert.Equal(["timestamp[us, UTC]", "decimal128(10, 2)"],
                (await page.Locator("thead small").AllInnerTextsAsync()).Take(2));
            Assert.Equal(["0", "2026-11-20 09:30:00 UTC", "101.25", "AAPL", "null", "[open]", "{venue: X, hops: 0}", Markup],
                await page.EvalOnSelectorAllAsync<string[]>("tbody tr:first-child > *", "cells => cells.map(c => c.textContent)"));
            await Picture(page, $"page-{scheme}".ToLowerInvariant());

            await page.Keyboard.PressAsync("/");
            await Expect(page.Locator("#cid")).ToBeFocusedAsync();
            await page.Keyboard.PressAsync("Tab");
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Fetch and verify" })).ToBeFocusedAsync();
            await page.Keyboard.PressAsync(".");
            await Expect(page.Locator("#rows")).ToHaveTextAsync("rows 50 to 99 of 10,000");
            await page.GetByRole(AriaRole.Button, new() { Name = "Before" }).ClickAsync();
            await Expect(page.Locator("#rows")).ToHaveTextAsync("rows 0 to 49 of 10,000");
            Assert.DoesNotContain("broken", await page.TitleAsync());
        }
    }

    [BrowserFact]
    public async Task Signed_statement_is_verified_with_WebCrypto_and_refused_once_a_byte_changed()
    {
        using ServedStore served = ServedStore.Start();
        string cid = PutTrades(served), key = Path.Combine(served.Folder, "me.key");
        string id = Command.Run("key", "new", key).Exits(0).Text.TrimEnd();
        Command.Run("sign", cid, "--key", key, "--say", "role=approved", "--store", served.Directory).Exits(0);
        JsonElement signed = Assert.Single(Command.Run("verify", "--signed", cid, "--json", "--store", served.Directory).Exits(0).Json);
        IPage page = await Open($"{served.Http}/?cid={cid}", ColorScheme.Light);
        JsonElement said = await page.EvaluateAsync<JsonElement>("""
            async ([block, cose]) => {
              const { verifyStatement } = await import('/signing.mjs');
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
            """, new[] { signed.GetProperty("block").GetString(), signed.GetProperty("cose").GetString() });
        Assert.Equal((id, "approved", 0), (said.GetProperty("key").GetString(), said.GetProperty("role").GetString(), said.GetProperty("taken").GetInt32()));
    }

    [BrowserFact]
    public async Task Dataset_is_shown_across_its_batches_when_it_is_asked_for_by_CID_or_name()
    {
        using ServedStore served = ServedStore.Start();
        string file = Path.Combine(served.Folder, "rows.csv");
        File.WriteAllLines(file, ["n", .. Enumerable.Range(0, 120).Select(n => $"{n}")]);
        JsonElement put = Command.Run("put", "--store", served.Directory, "--json", "--rows-per-block", "40", "--dataset", "trips", file)
            .Exits(0).Json[^1];
        string cid = put.GetProperty("cid").GetString()!;
        IPage page = await Open($"{served.Http}/?cid={cid}", ColorScheme.Light);
        await Expect(page.Locator("output.verified")).ToContainTextAsync($"SHA-256 of the dataset is the digest in {cid}");
        await Expect(page.Locator("output.verified dl")).ToContainTextAsync("batches3");
        await Expect(page.Locator("#rows")).ToHaveTextAsync("rows 0 to 49 of 120");
        Assert.Equal(Enumerable.Range(0, 50).Select(n => $"{n}"), await Cells(page));
        await page.GetByRole(AriaRole.Button, new() { Name = "After" }).ClickAsync();
        await Expect(page.Locator("#rows")).ToHaveTextAsync("rows 50 to 99 of 120");
        Assert.Equal(Enumerable.Range(50, 50).Select(n => $"{n}"), await Cells(page));
        await Picture(page, "page-dataset");

        IPage named = await Open($"{served.Http}/", ColorScheme.Light);
        await named.GetByText("Server and token").ClickAsync();
        await named.FillAsync("input[name=token]", served.Token);
        await named.FillAsync("#cid", "@trips");
        await named.Keyboard.PressAsync("Enter");
        await Expect(named.Locator("#rows")).ToHaveTextAsync("rows 0 to 49 of 120");
        await Expect(named.Locator("output.verified dl")).ToContainTextAsync(cid);

        // A batch that is damaged on the way is refused when its rows are asked for.
        string second = Command.Run("dag", "get", "--store", served.Directory, cid).Exits(0).Json[0]
            .GetProperty("batches")[2].GetProperty("cid").GetProperty("/").GetString()!;
        await page.RouteAsync($"**/ipfs/{second}**", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            byte[] bytes = await answer.BodyAsync();
            bytes[^20] ^= 1;
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, BodyBytes = bytes });
        });
        _ = await page.ReloadAsync();
        await Expect(page.Locator("#rows")).ToHaveTextAsync("rows 0 to 49 of 120");
        await page.GetByRole(AriaRole.Button, new() { Name = "After" }).ClickAsync();
        await Expect(page.Locator("output.refused")).ToContainTextAsync("Refused: the bytes that came are bafk");
        await Expect(page.Locator("main")).ToBeHiddenAsync();
    }

    [BrowserFact]
    public async Task A_byte_that_changed_on_the_way_or_on_the_disk_is_refused_and_nothing_is_shown()
    {
        using ServedStore served = ServedStore.Start();
        string cid = PutTrades(served);
        IPage page = await Open("about:blank", ColorScheme.Light);
        await page.RouteAsync("**/ipfs/**", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            byte[] bytes = await answer.BodyAsync();
            bytes[bytes.Length / 2] ^= 1;
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, BodyBytes = bytes });
        });
        _ = await page.GotoAsync($"{served.Http}/?cid={cid}");
        await Expect(page.Locator("output.refused")).ToContainTextAsync("Refused: the bytes that came are bafk");
        await Expect(page.Locator("main")).ToBeHiddenAsync();
        await Picture(page, "page-refused");
        await page.UnrouteAllAsync();

        using (CidStore store = CidStore.Open(served.Directory)) Damage.Change(store, Cid.Parse(cid), 5000);
        _ = await page.ReloadAsync();
        await Expect(page.Locator("output.refused")).ToContainTextAsync("Refused: 500: ");
        await Expect(page.Locator("main")).ToBeHiddenAsync();
    }

    [BrowserFact]
    public async Task A_page_of_another_origin_reads_blocks_by_CID_and_nothing_else()
    {
        using ServedStore served = ServedStore.Start();
        using ServedStore other = ServedStore.Start();
        string cid = PutTrades(served);
        IPage page = await Open($"{other.Http}/?cid={cid}&server={Uri.EscapeDataString(served.Http)}", ColorScheme.Light);
        await Expect(page.Locator("output.verified")).ToContainTextAsync(cid);
        await page.FillAsync("#cid", "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("output.refused")).ToContainTextAsync("404: ");

        const string Ask = "async ([url, token]) => { try { return (await fetch(url, { headers: { authorization: token } })).status } catch { return 0 } }";
        string token = $"Bearer {served.Token}";
        Assert.Equal(0, await page.EvaluateAsync<int>(Ask, new[] { $"{served.Http}/v1/blocks", token }));
        Assert.Equal(0, await page.EvaluateAsync<int>(Ask, new[] { $"{served.Http}/metrics", token }));
        IPage own = await Open(served.Http, ColorScheme.Light);
        Assert.Equal(200, await own.EvaluateAsync<int>(Ask, new[] { $"{served.Http}/v1/blocks", token }));
    }

    [BrowserFact]
    public async Task No_script_runs_but_the_pages_own()
    {
        using ServedStore served = ServedStore.Start();
        IPage page = await Open(served.Http, ColorScheme.Light);
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
            }
            """);
        await page.WaitForFunctionAsync("() => window.refused.length >= 2");
        Assert.False(await page.EvaluateAsync<bool>("() => window.ran === true"));
        IResponse answer = (await page.ReloadAsync())!;
        Assert.Equal("frame-ancestors 'none'", answer.Headers["content-security-policy"]);
        Assert.Equal("nosniff", answer.Headers["x-content-type-options"]);
    }

    [BrowserFact]
    public async Task Where_a_token_is_wanted_the_page_takes_one()
    {
        using ServedStore served = ServedStore.Start("--anonymous-read", "never");
        string cid = PutTrades(served);
        IPage page = await Open($"{served.Http}/?cid={cid}", ColorScheme.Light);
        await Expect(page.Locator("output.refused")).ToContainTextAsync("401: ");
        await page.GetByText("Server and token").ClickAsync();
        await page.FillAsync("input[name=token]", served.Token);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("output.verified")).ToContainTextAsync(cid);
        Assert.DoesNotContain(served.Token, page.Url);
    }

    [HttpPeerFact(HttpPeer.Helia)]
    public void The_copy_of_apache_arrow_is_the_packages_file()
    {
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(Programs.Peers, "node", "node_modules", "apache-arrow", "Arrow.esnext.min.js")),
            File.ReadAllBytes(Path.Combine(Command.Root, "interop", "browser", "apache-arrow.js")));
    }

    private static async Task<string[]> Cells(IPage page) =>
        await page.EvalOnSelectorAllAsync<string[]>("tbody td", "cells => cells.map(c => c.textContent)");

    private static string PutTrades(ServedStore served)
    {
        var text = new StringBuilder();
        string[] symbols = ["AAPL", "MSFT", "NVDA", "AMZN"];
        for (int i = 0; i < Rows; i++)
        {
            text.Append(JsonSerializer.Serialize(new
            {
                at = new DateTime(2026, 11, 20, 9, 30, 0, DateTimeKind.Utc).AddMilliseconds(i * 250).ToString("O"),
                symbol = symbols[i % symbols.Length],
                px = $"{101.25m + (i % 97) * 0.05m}",
                qty = i % 7 == 0 ? null : (int?)(100 * (1 + (i % 5))),
                flags = i % 3 == 0 ? new[] { "open" } : ["odd lot", "late"],
                route = new { venue = i % 2 == 0 ? "X" : "Y", hops = i % 4 },
                note = i == 0 ? Markup : i % 11 == 0 ? "corrected" : null,
            })).Append('\n');
        }

        string file = Path.Combine(served.Folder, "trades.jsonl");
        File.WriteAllText(file, text.ToString());
        JsonElement put = Command.Run("put", "--store", served.Directory, "--json", "--types",
            "at=timestamp[us, UTC],px=decimal128(10, 2)", file).Exits(0).Json[0];
        Assert.Equal(Rows, put.GetProperty("rows").GetInt32());
        return put.GetProperty("cid").GetString()!;
    }

    private async Task<IPage> Open(string url, ColorScheme scheme)
    {
        IBrowserContext context = await (_browser ?? throw new InvalidOperationException("no Chromium on the PATH")).NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = 1180, Height = 760 },
        });
        context.SetDefaultTimeout(WaitMilliseconds);
        IPage page = await context.NewPageAsync();
        _ = await page.GotoAsync(url);
        return page;
    }

    private static async Task Picture(IPage page, string name)
    {
        Directory.CreateDirectory(Pictures);
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, $"{name}.png") });
    }
}
