using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>reap</c>: what the dead left in a store.</summary>
internal static class ReapVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<bool> dryRun = Verb.DryRun();
        var verb = new Verb("reap",
            "Clean up after processes that died. It adopts what they had written and deletes what they had begun. " +
            "The output is KIND  NAME  BYTES. No block is deleted.",
            "arrowcid maintain reap --dry-run",
            "arrowcid maintain reap --json")
        {
            store, dryRun, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(dryRun), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, bool dryRun, bool json)
    {
        using CidStore store = dryRun
            ? StoreReading.Open(directory)
            : CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false });
        using var output = Output.Open();
        foreach (ReapedItem item in store.Maintenance.Reap(dryRun))
        {
            if (!json)
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{EnumText.Of(item.Kind)}  {CommandError.Visible(item.Name)}  {item.ByteLength}"));
                continue;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("kind", EnumText.Of(item.Kind));
                writer.WriteString("name", item.Name);
                writer.WriteNumber("bytes", item.ByteLength);
                writer.WriteBoolean("isDone", !dryRun);
            });
        }

        return 0;
    }
}
