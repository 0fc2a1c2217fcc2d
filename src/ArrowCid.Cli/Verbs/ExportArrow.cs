using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Exchange.Backends;
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
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store), VerifyMode.Always);
            Cid[] roots = places.ResolvePresent(parsed.GetValue(cids)!);
            foreach ((string file, Cid[] each) in ExportVerb.FilesOf(parsed.GetValue(to)!, roots, ".arrows"))
            {
                Cid[] batches = [.. each.SelectMany(places.BatchesOf)];
                OutputFile.Write(file, stream => Write(places, batches, stream));
            }

            return 0;
        });
        return verb;
    }

    private static void Write(BlockPlaces places, Cid[] cids, Stream target)
    {
        if (cids.Length == 1)
        {
            using BackendBlock block = places.Get(cids[0]);
            target.Write(block.Bytes.Span);
            return;
        }

        using var progress = new Progress("batches");
        ArrowWriter? writer = null;
        foreach (RecordBatch batch in places.GetBatches(cids))
        {
            writer ??= new ArrowWriter(target, batch.Schema);
            writer.Write(batch);
            progress.Tick();
        }

        // Only a stream that is whole gets its end.
        writer!.Finish();
    }
}
