using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Cli.Inputs;
using ArrowCid.Ipld.Car;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>car</c>: a look into content-addressed archives; no store is needed.</summary>
internal static class CarVerb
{
    public static Command Make() => new Verb("car",
            "List, check or unpack content-addressed archives (CAR). 'piece' computes Filecoin piece commitments.",
        "arrowcid car verify batches.car",
        "arrowcid car ls batches.car",
        "arrowcid car piece batches.car")
    {
        MakeVerify(), MakeList(), CarExtractVerb.Make(), CarPieceVerb.Make(),
    };

    private static Verb MakeVerify()
    {
        Argument<string[]> files = Verb.Inputs("CARs");
        Option<bool> json = Verb.Json(), zeroEnds = ZeroEnds();
        var strict = new Option<bool>("--strict")
        {
            Description = "Further faults: a block that cannot be checked, does not match its codec, is there " +
                "twice or is not below a root, and a wrong index.",
        };
        var together = new Option<bool>("--together")
        {
            Description = "All files are one archive: a block in an earlier file is not missing in a later one.",
        };
        var verb = new Verb("verify",
            "Check every block and link of CARs. The output has one line per finding. Exit code 4 if a block does " +
            "not hash to its CID, or if a root or a block below a root is missing. An increment of a backup may " +
            "link to blocks of earlier increments; without --together these are missing.",
            "arrowcid car verify batches.car",
            "arrowcid car verify --together /mnt/backup/quotes/*.car",
            "arrowcid car verify --strict --json batches.car")
        {
            files, strict, together, zeroEnds, json,
        };
        verb.SetAction(parsed =>
        {
            using var output = Output.Open();
            HashSet<Cid>? before = parsed.GetValue(together) ? [] : null;
            bool isBad = false;
            int exit = Input.ForEach(parsed.GetValue(files)!, file =>
            {
                CarReport report = Verify(file, parsed.GetValue(zeroEnds), before);
                bool isRight = IsRight(report, parsed.GetValue(strict));
                isBad |= !isRight;
                if (parsed.GetValue(json)) output.JsonLine(writer => WriteReport(writer, file, report, isRight));
                else Print(output, file, report, isRight);
            });
            return exit != 0 || !isBad ? exit : ErrorTable.ExitCode(ErrorCode.InvalidData);
        });
        return verb;
    }

    private static Verb MakeList()
    {
        Argument<string[]> files = Verb.Inputs("CARs");
        Option<bool> json = Verb.Json(), zeroEnds = ZeroEnds();
        var verb = new Verb("ls",
            "List the blocks in the order of the file. The output is CID  OFFSET  BYTES. Nothing is hashed.",
            "arrowcid car ls batches.car",
            "arrowcid car ls --json batches.car")
        {
            files, zeroEnds, json,
        };
        verb.SetAction(parsed =>
        {
            using var output = Output.Open();
            return Input.ForEach(parsed.GetValue(files)!, file =>
            {
                using Stream stream = Input.Open(file);
                var reader = new CarReader(stream, parsed.GetValue(zeroEnds));
                while (reader.TryRead(out CarSection block)) PrintBlock(output, block, parsed.GetValue(json));
            });
        });
        return verb;
    }

    private static Option<bool> ZeroEnds() => new("--zero-ends")
    {
        Description = "A section of no length is padding after the end. Default: a fault.",
    };

    /// <param name="file">The CAR.</param>
    /// <param name="zeroEnds">Whether a section of no length is padding.</param>
    /// <param name="before">The blocks of files before it, to which its own are added; null: it stands alone.</param>
    private static CarReport Verify(string file, bool zeroEnds, HashSet<Cid>? before)
    {
        using Progress progress = new("bytes");
        using Stream stream = Input.OpenSeekable(file);
        var contents = CarContents.Read(stream, zeroEnds, progress.Show);
        _ = CarWalk.ChildrenFirst(contents, before is null ? null : before.Contains);
        for (int i = 0; i < contents.Blocks.Count; i++)
        {
            if (!contents.IsDamaged(i)) _ = before?.Add(contents.Blocks[i].Cid.ToV1());
        }

        return contents.Report;
    }

    private static bool IsRight(CarReport report, bool isStrict) => report.IsWhole && (!isStrict ||
        (report.MalformedCount == 0 && report.OrphanCount == 0 && report.Duplicates == 0 && report.Opaque == 0
        && report.Unverifiable.Count == 0 && report.IndexFault is null && !report.Roots.IsEmpty));

    private static void PrintBlock(Output output, CarSection block, bool json)
    {
        if (!json)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{block.Cid}  {block.BlockOffset}  {block.Length}"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", block.Cid.ToString());
            writer.WriteNumber("offset", block.BlockOffset);
            writer.WriteNumber("bytes", block.Length);
        });
    }

    private static void Print(Output output, string file, CarReport report, bool isRight)
    {
        string index = report.IndexFault is { } fault ? $"wrong: {fault}" : report.HasIndex ? "right" : "none";
        output.Line($"{CommandError.Visible(file)}: {(isRight ? "ok" : "NOT ok")}");
        Line($"  version {report.Version}, {report.Sizes.Count} blocks, {report.Bytes} bytes, index {index}");
        foreach (Cid root in report.Roots) output.Line($"  root {root}");
        foreach (CarFault each in report.Faults) output.Line($"  damaged: {CommandError.Visible(each.ToString())}");
        foreach (Cid root in report.RootsMissing) output.Line($"  missing root {root}");
        foreach (Cid cid in report.Missing) output.Line($"  missing {cid}");
        foreach (CarFault each in report.Malformed)
            output.Line($"  not of its codec: {CommandError.Visible(each.ToString())}");
        foreach (Cid cid in report.Orphans) output.Line($"  without a root that leads to it: {cid}");
        foreach ((string name, long count) in report.Unverifiable) Line($"  not to be proved: {count} under {name}");
        if (report.Duplicates > 0) Line($"  there again: {report.Duplicates}");
        if (report.Opaque > 0) Line($"  of codecs whose links are not known: {report.Opaque}");
        foreach ((long upTo, long count) in report.Sizes.Counts()) Line($"  up to {upTo} bytes: {count}");

        void Line(FormattableString text) => output.Line(text.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteReport(Utf8JsonWriter writer, string file, CarReport report, bool isRight)
    {
        writer.WriteString("file", file);
        writer.WriteBoolean("isRight", isRight);
        writer.WriteNumber("version", report.Version);
        EntryJson.WriteTexts(writer, "roots", report.Roots.Select(root => root.ToString()));
        writer.WriteNumber("blocks", report.Sizes.Count);
        writer.WriteNumber("bytes", report.Bytes);
        writer.WriteNumber("largestBlock", report.Sizes.Largest);
        writer.WriteBoolean("hasIndex", report.HasIndex);
        writer.WriteString("indexFault", report.IndexFault);
        writer.WriteNumber("damagedCount", report.FaultCount);
        EntryJson.WriteTexts(writer, "damaged", report.Faults.Select(fault => fault.ToString()));
        EntryJson.WriteTexts(writer, "rootsMissing", report.RootsMissing.Select(cid => cid.ToString()));
        writer.WriteNumber("missingCount", report.MissingCount);
        EntryJson.WriteTexts(writer, "missing", report.Missing.Select(cid => cid.ToString()));
        writer.WriteNumber("malformedCount", report.MalformedCount);
        EntryJson.WriteTexts(writer, "malformed", report.Malformed.Select(fault => fault.ToString()));
        writer.WriteNumber("orphanCount", report.OrphanCount);
        EntryJson.WriteTexts(writer, "orphans", report.Orphans.Select(cid => cid.ToString()));
        writer.WriteNumber("duplicates", report.Duplicates);
        writer.WriteNumber("opaque", report.Opaque);
        writer.WriteStartObject("unverifiable");
        foreach ((string name, long count) in report.Unverifiable) writer.WriteNumber(name, count);
        writer.WriteEndObject();
        writer.WriteStartArray("sizes");
        foreach ((long upTo, long count) in report.Sizes.Counts())
        {
            writer.WriteStartObject();
            writer.WriteNumber("upTo", upTo);
            writer.WriteNumber("blocks", count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
