using System.Globalization;
using ArrowCid.Exchange;
using ArrowCid.Ipld.Car;

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
            import = run.Store.ImportCar(stream, new CarImportOptions
            {
                Partial = run.IsPartial,
                ZeroEnds = run.ZeroEnds,
                From = run.From,
                Progress = progress.Show,
            });
        }

        foreach (ImportedBlock block in import.Blocks) Print(run, block, file);
        // What was cut off came from elsewhere.
        bool isWhole = import.CutAt is null || run.From is not null;
        if (import.Missing == 0 && import.Skipped == 0 && isWhole) return;
        run.Output.Writer.Flush();
        string cut = import.CutAt is { } at
            ? string.Create(CultureInfo.InvariantCulture, $"the file is cut short after byte {at}; ")
            : "";
        Failure.Say(string.Create(CultureInfo.InvariantCulture,
            $"{file}: {cut}{import.Missing} blocks were missing, {import.Skipped} were not taken"));
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
