using System.Text.Json;
using ArrowCid.ProcessTests.Flight;
using Microsoft.Playwright;
using static ArrowCid.ProcessTests.Browser.ExplorerBrowser;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>axe and a phone's width in every view.</summary>
[Collection(ExplorerCollection.Name)]
public sealed class ExplorerAccessibilityTests(ExplorerBrowser browser)
{
    [BrowserFact(needsAxe: true)]
    public async Task Every_view_passes_axe_in_light_and_in_dark_and_fits_a_phone()
    {
        ServedStore served = browser.Served;
        string before = await PutTrades(served, 200, "&name=axe&producer=feed");
        string after = await PutTrades(served, 150, $"&name=axe&parent={before}");
        string axe = await File.ReadAllTextAsync(BrowserFactAttribute.Axe);
        string[] views =
        [
            "/search", "/names", "/name/axe", "/data/@axe", $"/data/{after}/profile", $"/data/{after}/links", $"/data/{after}/details",
            $"/diff/{before}/{after}", "/diff", "/live", "/server", "/sign-in", "/data/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
        ];
        var findings = new List<string>();
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            // The width of a phone in the dark, of a desktop in the light.
            IPage page = await browser.Open(served.Http, served, scheme, scheme == ColorScheme.Dark ? 390 : 1180);
            _ = await page.EvaluateAsync(axe);
            foreach (string view in views)
            {
                await Turn(page, view);
                JsonElement found = await page.EvaluateAsync<JsonElement>("""
                    async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
                      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
                      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' ')}`)
                    """);
                findings.AddRange(found.EnumerateArray().Select(each => $"{scheme} {view} {each}"));
                int wide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
                if (wide > 0) findings.Add($"{scheme} {view} is {wide} pixels too wide");
                if (scheme == ColorScheme.Dark && view is "/data/@axe" or "/search") await Picture(page, $"explorer-phone{view.Replace('/', '-')}");
            }
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }
}
