using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>Headless Chromium and a server, which the tests of the explorer share, one after the other: each puts blocks and
/// names of its own. Their pictures stay in <c>.artifacts/screenshots</c>.</summary>
public sealed class ExplorerBrowser : IAsyncLifetime
{
    /// <summary>A text that is markup, and must stay text.</summary>
    public const string Markup = "<img src=x onerror=\"document.title='broken in'\">";

    private const float WaitMilliseconds = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private ServedStore? _served;

    public static string Pictures { get; } = Path.Combine(Command.Root, ".artifacts", "screenshots");

    public IBrowser Chromium => _browser ?? throw new InvalidOperationException("no Chromium on the PATH");

    internal ServedStore Served => _served ??= ServedStore.Start();

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
        _served?.Dispose();
    }

    /// <summary>Opens a page of a server, signed in where a server is given.</summary>
    internal async Task<IPage> Open(string url, ServedStore? signedIn = null, ColorScheme scheme = ColorScheme.Light, int width = 1180)
    {
        IBrowserContext context = await Chromium.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = 760 },
        });
        context.SetDefaultTimeout(WaitMilliseconds);
        if (signedIn is not null)
        {
            await context.AddInitScriptAsync(
                $"try {{ sessionStorage.setItem('arrowcid.token {signedIn.Http.TrimEnd('/')}', '{signedIn.Token}') }} catch {{ }}");
        }

        IPage page = await context.NewPageAsync();
        _ = await page.GotoAsync(url);
        return page;
    }

    internal static async Task Picture(IPage page, string name)
    {
        Directory.CreateDirectory(Pictures);
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, $"{name}.png") });
    }

    /// <summary>Goes to another view, and waits until it has loaded what it shows.</summary>
    internal static async Task Turn(IPage page, string view)
    {
        await page.EvaluateAsync("""
            async view => {
              location.hash = view;
              await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
            }
            """, view);
        await Expect(page.Locator("main h1, main .trouble").First).ToBeVisibleAsync();
        await Expect(page.Locator("main .busy")).ToHaveCountAsync(0);
    }

    /// <summary>Puts rows with the owner's token.</summary>
    /// <returns>The CID.</returns>
    internal static async Task<string> Put(ServedStore served, string query, string rows, string type = "text/csv")
    {
        JsonElement answer = await Call(served, HttpMethod.Post, $"/v1/blocks?{query}", rows, type);
        return answer.GetProperty("blocks")[0].GetProperty("cid").GetString()!;
    }

    /// <summary>Calls the server with the owner's token.</summary>
    internal static async Task<JsonElement> Call(ServedStore served, HttpMethod method, string path, string body, string type)
    {
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", served.Token);
        request.Content = new StringContent(body, Encoding.UTF8);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using HttpResponseMessage answer = await client.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created, $"{(int)answer.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Puts a batch of trades with columns of several types, and markup in its first row.</summary>
    internal static Task<string> PutTrades(ServedStore served, int count = 10_000, string more = "")
    {
        var text = new StringBuilder();
        string[] symbols = ["AAPL", "MSFT", "NVDA", "AMZN"];
        for (int i = 0; i < count; i++)
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

        return Put(served, $"types={Uri.EscapeDataString("at=timestamp[us, UTC],px=decimal128(10, 2)")}{more}", text.ToString(),
            "application/x-ndjson");
    }

    /// <summary>The texts of the visible cells of a row of the table, the row's number first.</summary>
    internal static Task<string[]> Row(IPage page, int index) => page.EvalOnSelectorAllAsync<string[]>(
        $".grid tbody tr:nth-child({index + 1}) > *", "cells => cells.map(c => c.textContent)");
}
