using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export arrow</c>.</summary>
internal static class ExportArrow
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("Batches of one schema, and datasets.", isNeeded: true);
        Option<string> to = ExportVerb.To();
        Option<string?> store = Verb.Store();
        var verb = new Verb("arrow",
            "Writes batches as one Arrow IPC stream. That of one batch is its block, as 'get' gives it; 'hash' and " +
            "'put' find the CIDs of all again.",
            "arrowcid export arrow CID -o batch.arrows",
            "arrowcid export arrow @prices -o prices.arrows")
        {
            cids, to, store,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            Cid[] roots = Reference.ResolvePresent(opened, parsed.GetValue(cids)!);
            Cid[] batches = [.. roots.SelectMany(root => ExportRows.BatchesOf(opened, root))];
            string file = ExportVerb.FileOf(parsed.GetValue(to)!, roots[0], ".arrows");
            OutputFile.WriteOrPipe(file, stream => Write(opened, batches, stream));
            return 0;
        });
        return verb;
    }

    /// <summary>Writes one block, proved.</summary>
    public static void WriteBlock(CidStore store, Cid cid, Stream target)
    {
        if (!store.TryCopyTo(cid, target)) throw Failure.NoBlock(cid.ToString(), store);
    }

    private static void Write(CidStore store, Cid[] cids, Stream target)
    {
        if (cids.Length == 1)
        {
            WriteBlock(store, cids[0], target);
            return;
        }

        using var progress = new Progress("batches");
        ArrowWriter? writer = null;
        foreach (RecordBatch batch in ExportRows.Batches(store, cids))
        {
            writer ??= new ArrowWriter(target, batch.Schema);
            writer.Write(batch);
            progress.Tick();
        }

        // Only a stream that is whole gets its end.
        writer!.Finish();
    }
}
