using System.Globalization;
using ArrowCid.Ipld.Car;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>import</c> of a CAR.</summary>
internal static class ImportCar
{
    public static ImportFormat Format { get; } = new("CAR", start => CarFormat.MayBegin(start), Read);

    private static void Read(ImportRun run, Stream stream, string file)
    {
        CarImport import;
        using (Progress progress = new("bytes"))
        {
            import = run.Store.Transfer.ImportCar(stream, new CarImportOptions
            {
                Partial = run.IsPartial,
                ZeroEnds = run.ZeroEnds,
                From = run.From,
            }, progress);
        }

        foreach (ImportedBlock block in import.Blocks) Print(run, block, file);
        AddRoots(run, import);
        SetNames(run, import, file);
        // What was cut off came from elsewhere.
        bool isWhole = import.CutAt is null || run.From is not null;
        if (import.Missing == 0 && import.Skipped == 0 && isWhole) return;
        run.Output.Writer.Flush();
        string cut = import.CutAt is { } at
            ? string.Create(CultureInfo.InvariantCulture, $"the file is cut short after byte {at}; ")
            : "";
        CommandError.Say(string.Create(CultureInfo.InvariantCulture,
            $"{file}: {cut}{import.Missing} blocks were missing, {import.Skipped} were not taken"));
    }

    /// <summary>What the CAR is of: its one dataset, or its roots, each as the batch that it became.</summary>
    private static void AddRoots(ImportRun run, CarImport import)
    {
        ImportedBlock[] roots = [.. import.Roots.SelectMany(root =>
            import.Blocks.Where(block => block.From == root.ToV1()).Take(1))];
        ImportedBlock[] datasets = Array.FindAll(roots, block => block.Kind == BlockKind.Dataset);
        run.Roots.AddRange((datasets.Length == 1 ? datasets : roots).Select(block => block.Cid));
    }

    /// <summary>Sets the names that the CAR carries and that are free, and reports the others.</summary>
    private static void SetNames(ImportRun run, CarImport import, string file)
    {
        if (import.Names.Count == 0) return;
        if (!run.SetsNames)
        {
            run.Output.Writer.Flush();
            CommandError.Say(string.Create(CultureInfo.InvariantCulture,
                $"{file}: it carries {import.Names.Count} names, which --names sets"));
            return;
        }

        ArrowCidException? first = null;
        foreach ((string name, Cid cid) in import.Names)
        {
            try
            {
                if (run.Store.Names.Resolve(name) != cid) _ = run.Store.Names.Set(name, cid, expected: null);
            }
            catch (ArrowCidException e)
            {
                if (first is not null) CommandError.Say($"{file}: {first.Message}");
                first = e;
            }
        }

        if (first is not null) throw first;
    }

    private static void Print(ImportRun run, ImportedBlock block, string file)
    {
        string kind = block.Kind.ToString().ToLowerInvariant();
        if (!run.IsJson)
        {
            string from = block.From == block.Cid ? "" : $"  from {block.From}";
            run.Output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{block.Cid}  {kind}  {block.ByteLength}  {PutOutcome.Of(block).Word}{from}"));
            return;
        }

        run.Output.JsonLine(writer =>
        {
            writer.WriteString("cid", block.Cid.ToString());
            writer.WriteString("kind", kind);
            writer.WriteNumber("bytes", block.ByteLength);
            PutOutcome.Of(block).Write(writer);
            writer.WriteString("from", block.From.ToString());
            writer.WriteString("file", file);
        });
    }
}
