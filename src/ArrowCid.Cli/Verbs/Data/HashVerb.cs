using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>hash</c>: the CIDs of a file's batches; nothing is stored.</summary>
internal static class HashVerb
{
    public static Command Make()
    {
        Argument<string[]> files = Verb.Sources("Arrow IPC streams or files, Parquet, CSV, JSON lines");
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        Option<int?> rows = Verb.RowsPerBlock();
        Option<bool> strict = Verb.Strict();
        var fingerprint = new Option<bool>("--fingerprint")
        {
            Description = "The logical fingerprint of each file instead: it is the same for the same values in any " +
                "encoding. The output is FINGERPRINT  ROWS  FILE.",
        };
        var verb = new Verb("hash",
            "Print the CID of every batch in files. The output is CID  ROWS  BYTES  FILE#BATCH. Nothing is stored.",
            "arrowcid hash trips.arrow quotes.arrows",
            "arrowcid hash in/",
            "arrowcid hash --rows-per-block 65536 trips.parquet",
            "arrowcid hash --json - < quotes.arrows",
            "arrowcid hash --drop-metadata pandas trips.arrow",
            "arrowcid hash --as files in/",
            "arrowcid hash --fingerprint trips.parquet",
            "arrowcid hash --types 'at=timestamp[us, UTC],qty=int32' trips.csv")
        {
            files, json, drop, rows, strict, fingerprint,
        };
        var text = new RowOptions();
        text.AddTo(verb);
        var content = new ContentInput();
        content.AddTo(verb, isStored: false);
        verb.SetAction(parsed => content.IsGiven(parsed)
            ? content.Hash(parsed, parsed.GetValue(files)!, parsed.GetValue(json))
            : parsed.GetValue(fingerprint)
            ? RunFingerprints(InputFiles.PathsOf(parsed.GetValue(files)!, parsed.GetValue(strict)),
            parsed.GetValue(json), file => Input.Batches(file, parsed.GetValue(drop), text.Read(parsed)))
            : Run(InputFiles.PathsOf(parsed.GetValue(files)!, parsed.GetValue(strict)),
            parsed.GetValue(json),
            file => Input.Batches(file, parsed.GetValue(drop), text.Read(parsed), parsed.GetValue(rows))));
        return verb;
    }

    private static int Run(string[] files, bool json, Func<string, IEnumerable<RecordBatch>> batches)
    {
        using var output = Output.Open();
        return Input.ForEach(files, file =>
        {
            int batch = 0;
            foreach (RecordBatch read in batches(file))
            {
                try
                {
                    Print(output, CanonicalBlock.Address(read), file, batch, json);
                }
                catch (InvalidArrowException e)
                {
                    throw InBatch(e, batch);
                }

                batch++;
            }
        });
    }

    private static int RunFingerprints(string[] files, bool json, Func<string, IEnumerable<RecordBatch>> batches)
    {
        using var output = Output.Open();
        return Input.ForEach(files, file =>
        {
            LogicalFingerprint made = FingerprintHasher.Of(batches(file))
                ?? throw new ArrowCidException(ErrorCode.InvalidArgument, "the file has no batch");
            if (!json)
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{made.Text}  {made.Rows}  {CommandError.Visible(file)}"));
                return;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("fingerprint", made.Text);
                writer.WriteNumber("rows", made.Rows);
                writer.WriteString("file", file);
            });
        });
    }

    /// <summary>Names the batch in which the encoder met the fault.</summary>
    public static ArrowCidException InBatch(InvalidArrowException e, int batch) =>
        new(e.Code, string.Create(CultureInfo.InvariantCulture, $"batch {batch}: {e.Message}"), e);

    public static void Print(Output output, BlockAddress address, string file, int batch, bool json,
        PutOutcome? outcome = null)
    {
        if (json) output.JsonLine(writer => WriteMembers(writer, address, file, batch, outcome));
        else output.Line(Text(address, file, batch, outcome));
    }

    private static string Text(BlockAddress address, string file, int batch, PutOutcome? outcome)
    {
        string end = outcome is { } put ? $"  {put.Word}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{address.Cid}  {address.Rows}  {address.ByteLength}  {CommandError.Visible(file)}#{batch}{end}");
    }

    private static void WriteMembers(Utf8JsonWriter writer, BlockAddress address, string file, int batch,
        PutOutcome? outcome)
    {
        WriteAddress(writer, address);
        writer.WriteString("file", file);
        writer.WriteNumber("batch", batch);
        outcome?.Write(writer);
    }

    public static void WriteAddress(Utf8JsonWriter writer, BlockAddress address)
    {
        writer.WriteString("cid", address.Cid.ToString());
        writer.WriteString("schemaCid", address.SchemaCid.ToString());
        writer.WriteNumber("rows", address.Rows);
        writer.WriteNumber("bytes", address.ByteLength);
    }
}
