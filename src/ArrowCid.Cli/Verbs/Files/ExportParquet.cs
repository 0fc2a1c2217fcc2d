using System.CommandLine;
using ArrowCid.Parquet;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export parquet</c>.</summary>
internal static class ExportParquet
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts(
            "The batches, one row group per batch, in this order; of datasets, their batches.", isNeeded: true);
        Option<string> to = ExportVerb.To();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var codec = new Option<string>("--codec")
        {
            Description = "The codec of the pages: none, snappy, gzip, brotli, zstd, lz4.",
            DefaultValueFactory = _ => "snappy",
        };
        codec.AcceptOnlyFromAmong("none", "snappy", "gzip", "brotli", "zstd", "lz4");
        Option<int?> level = Verb.Number("--level", 0, "The level of gzip, brotli or zstd.");
        Option<int?> pageBytes = Verb.Number("--page-bytes", 64, "The largest number of bytes of a page. Default: " +
            "1048576.");
        Option<int?> pageRows = Verb.Number("--page-rows", 1, "The largest number of rows of a page. Default: 20000.");
        var version = new Option<string>("--page-version")
        {
            Description = "The version of data pages: 1, which every reader supports, or 2.",
            DefaultValueFactory = _ => "1",
        };
        version.AcceptOnlyFromAmong("1", "2");
        var bloom = new Option<string[]>("--bloom")
        {
            HelpName = "COLUMN",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A column that gets a bloom filter; a leaf of a nested column is named by its path, " +
                "with dots.",
        };
        var verb = new Verb("parquet",
            "Write batches of one schema as a Parquet file. The output is the CID of each. The file is read back " +
            "before it gets its name, and 'arrowcid verify FILE' checks it later. The same batches give the same " +
            "bytes.",
            "arrowcid export parquet CID -o prices.parquet",
            "arrowcid export parquet --codec zstd --level 3 @prices @quotes -o both.parquet")
        {
            cids, to, codec, level, pageBytes, pageRows, version, bloom, store, json,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.Validators.Add(result =>
        {
            (int least, int most)? range = result.GetValue(codec) switch
            {
                "gzip" => (0, 9),
                "brotli" => (0, 11),
                "zstd" => (1, 19),
                _ => null,
            };
            if (result.GetValue(level) is not { } asked) return;
            if (range is not { } known) result.AddError($"{result.GetValue(codec)} has no levels.");
            else if (asked < known.least || asked > known.most)
                result.AddError($"--level of {result.GetValue(codec)} is from {known.least} to {known.most}.");
        });
        verb.SetAction(parsed =>
        {
            var options = new ParquetWriteOptions
            {
                Compression = Enum.Parse<ParquetCompression>(parsed.GetValue(codec)!, ignoreCase: true),
                CompressionLevel = parsed.GetValue(level),
                PageBytes = Math.Min(parsed.GetValue(pageBytes) ?? 1 << 20, 1 << 30),
                PageRows = parsed.GetValue(pageRows) ?? 20_000,
                UsesPageV2 = parsed.GetValue(version) == "2",
                BloomFilters = (parsed.GetValue(bloom) ?? []).ToHashSet(StringComparer.Ordinal),
            };
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store));
            return Run(places, parsed.GetValue(cids)!, parsed.GetValue(to)!, options,
                parsed.GetValue(json));
        });
        return verb;
    }

    private static int Run(BlockPlaces places, string[] texts, string to, ParquetWriteOptions options, bool json)
    {
        if (to == OutputFile.StandardOutput && Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "Parquet is binary and this is a terminal; say -o FILE");
        }

        Cid[] roots = places.ResolvePresent(texts);
        foreach ((string file, Cid[] each) in ExportVerb.FilesOf(to, roots, ".parquet"))
        {
            Cid[] cids = [.. each.SelectMany(places.BatchesOf)];
            long bytes = 0;
            using (var progress = new Progress("row groups"))
            {
                OutputFile.Write(file, stream =>
                {
                    ParquetExport.Write(cids, places.GetProved, stream, options, written: progress.Tick,
                        statements: places.StatementsAbout(cids.Concat(each).Distinct()));
                    bytes = stream.Length;
                }, isStaged: true);
            }

            if (file != OutputFile.StandardOutput) Print(file, cids, bytes, json);
        }

        return 0;
    }

    private static void Print(string file, Cid[] cids, long bytes, bool json)
    {
        using var output = Output.Open();
        if (!json)
        {
            foreach (Cid cid in cids) output.Line(cid.ToString());
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("file", file);
            EntryJson.WriteTexts(writer, "cids", cids.Select(cid => cid.ToString()));
            writer.WriteNumber("bytes", bytes);
        });
    }
}
