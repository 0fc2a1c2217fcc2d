using System.Globalization;
using System.Text;
using System.Text.Json;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static ArrowCid.ProcessTests.Browser.ExplorerBrowser;
using static Microsoft.Playwright.Assertions;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>How fast the explorer shows a million rows. The figures are printed, and nothing is asserted of a time; the
/// trace of the scrolling stays in <c>.artifacts/explorer-trace.json</c>.</summary>
[Collection(ExplorerCollection.Name)]
public sealed class ExplorerSpeedTests(ExplorerBrowser browser, ITestOutputHelper output)
{
    private const int Rows = 1_000_000;
    private const string First = "() => document.querySelector('.grid tbody tr td')?.textContent ? performance.now() : null";

    [BrowserFact(isLong: true)]
    public async Task Million_rows_are_shown_and_scrolled_with_few_of_them_in_the_page()
    {
        using ServedStore served = ServedStore.Start();
        string file = Path.Combine(served.Folder, "rows.csv");
        var text = new StringBuilder("id,at,px,symbol,note\n");
        for (int i = 0; i < Rows; i++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{i},2026-11-{1 + (i % 28):00}T09:30:00Z,{100 + (i % 977) * 0.25},{(i % 3 == 0 ? "AAPL" : "MSFT")},note {i}\n");
        }

        await File.WriteAllTextAsync(file, text.ToString());
        string batch = Command.Run("put", "--store", served.Directory, "--json", "--rows-per-block", $"{Rows}", file).Exits(0).Json[0].GetProperty("cid").GetString()!;
        string dataset = Command.Run("put", "--store", served.Directory, "--json", "--rows-per-block", "65536", "--dataset", "million", file)
            .Exits(0).Json[^1].GetProperty("cid").GetString()!;
        foreach ((string what, string cid) in new[] { ("dataset of 16 batches", dataset), ("batch", batch) })
        {
            IPage page = await browser.Open("about:blank", served);
            _ = await page.GotoAsync($"{served.Http}/#/data/{cid}");
            double first = await (await page.WaitForFunctionAsync(First)).JsonValueAsync<double>();
            await Expect(page.Locator("#rows")).ToContainTextAsync("1,000,000 rows");
            Print($"{what}: first table {first:0} ms after the page was opened");

            if (cid == dataset)
            {
                // All batches are there before the scrolling is measured, as after one look at each.
                await page.GetByRole(AriaRole.Button, new() { Name = "id", Exact = true }).ClickAsync();
                await Expect(page.Locator(".grid th[aria-sort=ascending]")).ToBeVisibleAsync();
            }

            await using Trace trace = await Trace.StartAsync(browser.Chromium);
            double[] gaps = await page.EvaluateAsync<double[]>("""
                () => new Promise(resolve => {
                  const grid = document.querySelector('.grid'), gaps = [];
                  let last = performance.now();
                  const began = last;
                  const step = now => {
                    gaps.push(now - last);
                    last = now;
                    if (now - began > 5000) return resolve(gaps.slice(1));
                    grid.scrollTop += 997;
                    requestAnimationFrame(step);
                  };
                  requestAnimationFrame(step);
                })
                """);
            int drawn = await trace.EndAsync(Path.Combine(Command.Root, ".artifacts", "explorer-trace.json"));
            double[] sorted = [.. gaps.Order()];
            Print($"{what}: {gaps.Length / gaps.Sum() * 1000:0.0} frames/s while scrolling, median {sorted[sorted.Length / 2]:0.0} ms, " +
                $"99 % {sorted[sorted.Length * 99 / 100]:0.0} ms, longest {sorted[^1]:0.0} ms; {drawn} frames drawn in the trace");
            Assert.InRange(await page.Locator(".grid tbody tr").CountAsync(), 5, 100);
            await page.Locator(".grid").FocusAsync();
            await page.Keyboard.PressAsync("End");
            await Expect(page.Locator(".grid tbody th", new() { HasTextString = "999,999" })).ToBeVisibleAsync();

            double sort = await Timed(page, async () =>
            {
                await page.GetByRole(AriaRole.Button, new() { Name = "px", Exact = true }).ClickAsync();
                await Expect(page.Locator(".grid th[aria-sort=ascending]")).ToContainTextAsync("px");
            });
            double profile = await Timed(page, async () =>
            {
                await page.GetByRole(AriaRole.Link, new() { Name = "Profile" }).ClickAsync();
                await Expect(page.Locator(".summary .proof").Last).ToContainTextAsync("Proved");
                await Expect(page.Locator(".busy")).ToHaveCountAsync(0);
            });
            Print($"{what}: sorted by a number in {sort:0} ms, profile of 5 columns in {profile:0} ms");
        }
    }

    private static async Task<double> Timed(IPage page, Func<Task> act)
    {
        double from = await page.EvaluateAsync<double>("performance.now()");
        await act();
        return await page.EvaluateAsync<double>("performance.now()") - from;
    }

    private void Print(string line)
    {
        output.WriteLine(line);
        Directory.CreateDirectory(Pictures);
        File.AppendAllText(Path.Combine(Pictures, "explorer-figures.txt"), line + "\n");
    }

    /// <summary>A trace of Chromium.</summary>
    private sealed class Trace : IAsyncDisposable
    {
        private readonly ICDPSession _session;
        private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Trace(ICDPSession session)
        {
            _session = session;
            _session.Event("Tracing.tracingComplete").OnEvent += (_, data) => _ended.TrySetResult(data!.Value.GetProperty("stream").GetString()!);
        }

        public static async Task<Trace> StartAsync(IBrowser browser)
        {
            var trace = new Trace(await browser.NewBrowserCDPSessionAsync());
            _ = await trace._session.SendAsync("Tracing.start", new Dictionary<string, object>
            {
                ["transferMode"] = "ReturnAsStream",
                ["traceConfig"] = new Dictionary<string, object>
                {
                    ["includedCategories"] = new[] { "devtools.timeline", "disabled-by-default-devtools.timeline.frame" },
                },
            });
            return trace;
        }

        /// <summary>Ends it and keeps it in a file.</summary>
        /// <returns>The number of frames that were drawn.</returns>
        public async Task<int> EndAsync(string path)
        {
            _ = await _session.SendAsync("Tracing.end");
            string stream = await _ended.Task;
            var text = new StringBuilder();
            while (true)
            {
                JsonElement read = (await _session.SendAsync("IO.read", new Dictionary<string, object> { ["handle"] = stream }))!.Value;
                text.Append(read.GetProperty("data").GetString());
                if (read.GetProperty("eof").GetBoolean()) break;
            }

            string all = text.ToString();
            await File.WriteAllTextAsync(path, all);
            using JsonDocument document = JsonDocument.Parse(all);
            return document.RootElement.GetProperty("traceEvents").EnumerateArray()
                .Count(each => each.GetProperty("name").GetString() == "DrawFrame");
        }

        public async ValueTask DisposeAsync() => await _session.DetachAsync();
    }
}
