using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export csv</c> and <c>export json</c>.</summary>
internal static class ExportRows
{
    public static Command MakeCsv() => Make("csv", "CSV (RFC 4180) with a row of names", ".csv", RowExport.WriteCsv);

    public static Command MakeJson() => Make("json", "JSON lines, an object a row", ".jsonl", RowExport.WriteJsonLines);

    /// <summary>A block's CID, or those of a dataset's batches, of which there must be one.</summary>
    public static IReadOnlyList<Cid> BatchesOf(CidStore store, Cid cid) =>
        store.Datasets.Read(cid) is { } dataset ? BatchesOf(cid, dataset) : [cid];

    /// <summary>The CIDs of a dataset's batches, of which there must be one.</summary>
    public static IReadOnlyList<Cid> BatchesOf(Cid cid, Dataset dataset) => dataset.Batches.Length > 0
        ? [.. dataset.Batches.Select(batch => batch.Cid)]
        : throw new ArrowCidException(ErrorCode.InvalidData, $"the dataset {cid} has no batch, and so no rows");

    /// <summary>The same as parts of a comparison, each opened when it is looked at.</summary>
    public static IEnumerable<DiffPart> PartsOf(CidStore store, Cid cid)
    {
        foreach (Cid each in BatchesOf(store, cid))
        {
            yield return new DiffPart(BlockReference.Known(store, each).Rows, each, () =>
            {
                BatchLease lease = store.TryGet(each) ?? throw CommandError.NoBlock(each.ToString(), store);
                return (lease.View, lease);
            });
        }
    }

    private static Verb Make(string name, string what, string extension,
        Action<IEnumerable<RecordBatch>, TextWriter> write)
    {
        Argument<string[]> cids = Verb.CidTexts("Batches of one schema, and datasets.", isNeeded: true);
        Option<string> to = ExportVerb.To();
        Option<string?> store = Verb.Store();
        var verb = new Verb(name,
            $"Write the rows of batches as {what}. A column that this format cannot hold is refused by name; rows " +
            "that are put again with --schema have the same CIDs.",
            $"arrowcid export {name} CID -o rows{extension}",
            $"arrowcid export {name} @prices -o -")
        {
            cids, to, store,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store), VerifyMode.Always);
            Cid[] roots = places.ResolvePresent(parsed.GetValue(cids)!);
            foreach ((string file, Cid[] each) in ExportVerb.FilesOf(parsed.GetValue(to)!, roots, extension))
                Write(file, places.GetBatches(each.SelectMany(places.BatchesOf)), write);
            return 0;
        });
        return verb;
    }

    private static void Write(string file, IEnumerable<RecordBatch> batches,
        Action<IEnumerable<RecordBatch>, TextWriter> write)
    {
        if (file == OutputFile.StandardOutput)
        {
            using var output = Output.Open();
            write(batches, output.Writer);
            return;
        }

        OutputFile.Write(file, stream =>
        {
            using var writer = new StreamWriter(stream, bufferSize: 1 << 16, leaveOpen: true);
            write(batches, writer);
        });
    }
}
