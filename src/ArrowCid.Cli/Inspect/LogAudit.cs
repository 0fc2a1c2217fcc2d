using System.CommandLine;
using ArrowCid.Cli.Verbs;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Inspect;

/// <summary><c>log audit</c>: who put, named, pinned and removed what.</summary>
internal static class LogAudit
{
    private const string Table = "table", Json = "json", Arrow = "arrow", Parquet = "parquet";

    public static Verb Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var subject = new Option<string?>("--subject")
        {
            HelpName = "NAME",
            Description = "The entries of one subject: the subject of a token, or a user.",
        };
        Option<DateTimeOffset?> from = Time("--from", "The first time of the entries, such as 2026-11-20."),
            until = Time("--until", "The time before which the entries end.");
        var format = new Option<string?>("--format")
        {
            Description = "The format: lines, JSON lines (--json), or the table of src/ArrowCid/Store/Audit/AUDIT.md " +
                "as an Arrow stream or a Parquet file. Default: table.",
        };
        format.AcceptOnlyFromAmong(Table, Json, Arrow, Parquet);
        var output = new Option<string?>("-o", "--output")
        {
            HelpName = "FILE",
            Description = "The output file. Default: -, standard output.",
        };
        var verb = new Verb("audit",
            "List who put, named, pinned and removed what. The output is TIME  SUBJECT  ACTION  CID and the name, " +
            "oldest first. A server records the callers that it has authenticated; ARROWCID_AUDIT=NAME records a " +
            "name for local commands, and ARROWCID_AUDIT=user the user. Removals are recorded always.",
            "arrowcid log audit",
            "arrowcid log audit --subject alice --from 2026-11-01",
            "arrowcid log audit --format arrow -o audit.arrows")
        {
            subject, from, until, format, output, store, json,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(format) is { } other and not Json)
                result.AddError($"--json is --format json, and not --format {other}.");
        });
        verb.SetAction(parsed =>
        {
            var filter = new AuditFilter
            {
                Subject = parsed.GetValue(subject),
                From = parsed.GetValue(from),
                Until = parsed.GetValue(until),
            };
            string form = parsed.GetValue(json) ? Json : parsed.GetValue(format) ?? Table;
            return Run(parsed.GetValue(store), filter, form, parsed.GetValue(output) ?? "-");
        });
        return verb;
    }

    private static int Run(string? directory, AuditFilter filter, string form, string file)
    {
        if (file == "-" && form is Arrow or Parquet && Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"--format {form} is binary and this is a terminal; say -o FILE");
        }

        using CidStore store = StoreReading.Open(directory);
        IReadOnlyList<AuditEntry> entries = store.Diagnostics.Audit.List(filter);
        OutputFile.Write(file, stream =>
        {
            if (form == Arrow) WriteArrow(entries, stream);
            else if (form == Parquet) WriteParquet(entries, stream);
            else WriteText(entries, form == Json, stream);
        });
        return 0;
    }

    private static void WriteText(IReadOnlyList<AuditEntry> entries, bool isJson, Stream stream)
    {
        using var output = Output.Over(stream);
        foreach (AuditEntry entry in entries)
        {
            if (isJson)
            {
                output.JsonLine(writer => AuditTable.Write(writer, entry));
                continue;
            }

            string more = string.Concat(
                new[] { entry.Name, entry.Detail }.OfType<string>().Select(text => $"  {text}"));
            output.Line(CommandError.Visible($"{ListVerb.Time(entry.Time)}  {entry.Subject}  " +
                $"{AuditTable.WordOf(entry.Action)}  {entry.Cid?.ToString() ?? "-"}{more}"));
        }
    }

    private static void WriteArrow(IReadOnlyList<AuditEntry> entries, Stream stream)
    {
        var writer = new ArrowWriter(stream, AuditTable.Schema);
        foreach (RecordBatch batch in AuditTable.Of(entries)) writer.Write(batch);
        writer.Finish();
    }

    private static void WriteParquet(IReadOnlyList<AuditEntry> entries, Stream stream)
    {
        using var writer = new ParquetWriter(stream, AuditTable.Schema);
        foreach (RecordBatch batch in AuditTable.Of(entries)) _ = writer.Write(batch);
        writer.Finish();
    }

    private static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        HelpName = "TIME",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (Filter.TryParseTime(text, out DateTimeOffset time)) return time;
            result.AddError($"{name} takes a date or time such as 2026-11-20, not '{text}'.");
            return null;
        },
    };
}
