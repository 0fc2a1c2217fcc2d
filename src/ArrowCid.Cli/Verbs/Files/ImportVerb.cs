using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli.Inputs;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>import</c>: files of other formats into a store.</summary>
internal static class ImportVerb
{
    // A format stands in a file of its own: ImportCar.cs, ImportParquet.cs.
    private static readonly ImportFormat[] s_formats = [ImportCar.Format, ImportParquet.Format];

    public static Command Make()
    {
        Argument<string[]> files = Verb.Sources(
            "Files to import; the first bytes show the format, for CSV and JSON lines the name does");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var partial = new Option<bool>("--partial")
        {
            Description = "The complete blocks of a file that is damaged or cut short, and a report of what is " +
                "missing, with exit code 0. Default: nothing of such a file.",
        };
        var zeroEnds = new Option<bool>("--zero-ends")
        {
            Description = "An empty section of a CAR is padding after its end. Default: a fault.",
        };
        Option<int?> perBlock = Verb.RowsPerBlock();
        var name = new Option<string?>("--name")
        {
            HelpName = "NAME",
            Description = "A name that points to the one root, batch or dataset of the file; several batches of a " +
                "table become a dataset.",
        };
        var names = new Option<bool>("--names")
        {
            Description = "Also the names in a CAR. A name that points to another block here does not change, is " +
                "reported, and gives exit code 5.",
        };
        Option<bool> strict = Verb.Strict();
        var verb = new Verb("import",
            "Store the contents of CAR, Parquet, CSV or JSON lines files. The store is created if it does not " +
            "exist. Nothing is stored before all of a file is checked. The output is CID  KIND  BYTES  new|known " +
            "and the root of the block; for Parquet it is the output of 'put'. Blocks that a CAR lacks can be " +
            "fetched from a source (--from). 'put' stores Arrow files.",
            "arrowcid import batches.car",
            "arrowcid import --rows-per-block 65536 trips.parquet",
            "arrowcid import s3://bucket/trips.parquet --name trips",
            "arrowcid import --partial - < half.car",
            "arrowcid import --from http://127.0.0.1:8816 half.car",
            "arrowcid import --name trips trips.parquet")
        {
            files, partial, zeroEnds, perBlock, name, names, strict, store, json,
        };
        var from = new FromOptions();
        from.AddTo(verb, withFill: false);
        var text = new RowOptions();
        text.AddTo(verb);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(name) is not null && result.GetValue(files) is { Length: > 1 })
                result.AddError("--name goes with one file.");
        });
        verb.SetAction(parsed =>
        {
            RowInput rows = text.Read(parsed);
            string[] paths = InputFiles.PathsOf(parsed.GetValue(files)!, parsed.GetValue(strict), ".car");
            using var opened = CidStore.Open(parsed.GetValue(store));
            using BlockPlaces? places = from.Open(parsed, opened);
            using var output = Output.Open();
            var run = new ImportRun(opened, output, parsed.GetValue(json), parsed.GetValue(partial),
                parsed.GetValue(zeroEnds), parsed.GetValue(perBlock), places?.All)
            {
                SetsNames = parsed.GetValue(names),
            };
            int exit = Input.ForEach(paths, file => Read(run, rows, file));
            if (exit == 0 && parsed.GetValue(name) is { } called) Name(run, called);
            return exit;
        });
        return verb;
    }

    private static void Name(ImportRun run, string name)
    {
        if (run.Batches.Count > 0)
        {
            var dataset = new DatasetRun(run.Store, new PutOptions { Name = name }, [], [], isDataset: false);
            dataset.Batches.AddRange(run.Batches);
            dataset.Put(run.Output, run.IsJson);
            return;
        }

        Cid[] all = [.. run.Roots.Distinct()];
        if (all.Length == 1)
        {
            _ = run.Store.Names.Set(name, all[0]);
            return;
        }

        throw new ArrowCidException(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture,
            $"--name names one block, and the file has {all.Length} roots; all of it was put; name one with " +
            $"'arrowcid name NAME CID'"));
    }

    private static void Read(ImportRun run, RowInput rows, string file)
    {
        if (rows.IsRows(file))
        {
            ImportRows.Read(run, rows, file);
            return;
        }

        using Stream stream = Input.OpenSeekable(file);
        byte[] start = new byte[ImportFormat.LookBytes];
        Array.Resize(ref start, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
        ImportFormat format = Array.Find(s_formats, each => each.Begins(start)) ?? throw Refusal(start);
        stream.Position = 0;
        format.Read(run, stream, file);
    }

    private static ArrowCidException Refusal(byte[] start) => FileKind.IsArrow(start)
        ? new ArrowCidException(ErrorCode.Unsupported, "this is Arrow, which 'put' takes")
        : FileKind.Refusal(start, Takes.Parquet | Takes.Rows)
            ?? new ArrowCidException(ErrorCode.Unsupported,
                $"no format that import reads ({string.Join(", ", s_formats.Select(each => each.Name))})");
}
