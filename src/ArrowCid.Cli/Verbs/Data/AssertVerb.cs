using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>assert</c>: whether a command still makes exactly these rows.</summary>
internal static class AssertVerb
{
    private const int DefaultLines = 20;

    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Argument<string[]> command = new("COMMAND")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "The command and its arguments, after --.",
        };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        Option<int?> head = Verb.Number("--head", 0, "The number of differing values to print.", DefaultLines);
        var file = new Option<string?>("--file")
        {
            HelpName = "FILE",
            Description = "The file that the command writes. Default: its standard output.",
        };
        var key = new Option<string?>("--key")
        {
            HelpName = "COL[,COL]",
            Description = "The columns that identify a row in the list of differences; the rows must still be in " +
                "the same order.",
        };
        var verb = new Verb("assert",
            "Run a command and compare its output with a batch or dataset. The output can be Arrow, Parquet, CSV or " +
            "JSON lines. Exit code 0 if the rows are the same, however they are split into batches; else 8, and the " +
            "rows that differ are printed: A in the store, B from the command. CSV and JSON lines are read with the " +
            "schema of the CID.",
            "arrowcid assert @report -- python report.py",
            "arrowcid assert CID --file out.parquet -- make out.parquet",
            "arrowcid assert @report --key id --json -- ./report --format csv")
        {
            cid, command, file, key, head, store, json, drop,
        };
        var text = new RowOptions();
        text.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            var wanted = new Wanted(opened, BlockReference.Resolve(opened, parsed.GetValue(cid)!));
            using var made = new Made(parsed.GetValue(command)!, parsed.GetValue(file));
            RowInput rows = text.Read(parsed);
            rows = rows with
            {
                Format = rows.Format ?? made.Format,
                Schema = rows.Schema ?? (rows.Types.Count == 0 ? wanted.Schema : null),
            };
            return Compare(wanted, () => Input.Batches(made.File, parsed.GetValue(drop), rows), parsed.GetValue(key),
                parsed.GetValue(json), parsed.GetValue(head) ?? DefaultLines);
        });
        return verb;
    }

    private static int Compare(Wanted wanted, Func<IEnumerable<RecordBatch>> made, string? key, bool json, int head)
    {
        using var output = Output.Open();
        // What differs by position decides; by key it is shown.
        (BatchDiff diff, DiffLines? lines) = Diff(isShown: key is null);
        diff.ByPosition(wanted.Parts(), wanted.CutAlike(made()).Select(PartOf));
        bool isExact = diff.IsEqual && diff.EqualBatches == wanted.Count;
        if (!isExact && key is not null)
        {
            (diff, lines) = Diff(isShown: true);
            diff.ByKey(wanted.Parts(), made().Select(DiffPart.Of), key.Split(','));
        }

        if (json) DiffVerb.PrintJson(output, diff);
        if (isExact) return 0;
        lines?.Print(output, diff);
        output.Writer.Flush();
        string why = diff.IsEqual
            ? "the rows are equal, but not their order or the bits of their values"
            : "the rows differ";
        CommandError.Say($"what was made is not {wanted.Cid}: {why}");
        return SameVerb.ExitWhereDifferent;

        (BatchDiff Diff, DiffLines? Lines) Diff(bool isShown)
        {
            DiffLines? shown = json ? null : new DiffLines(head, key?.Split(',') ?? []);
            return (new BatchDiff((differ, each) =>
            {
                if (!isShown) return;
                if (shown is not null) shown.Add(differ, each);
                else DiffVerb.PrintJson(output, each, isShown ? key?.Split(',') ?? [] : []);
            }), shown);
        }
    }

    private static DiffPart PartOf(RecordBatch batch) =>
        new(batch.Length, CanonicalBlock.Address(batch).Cid, () => (batch, null));

    /// <summary>The expected contents of the CID.</summary>
    private sealed class Wanted
    {
        private readonly CidStore _store;
        private readonly int[] _rows;

        public Wanted(CidStore store, Cid cid)
        {
            (_store, Cid) = (store, cid);
            using DiffPart first = Parts().First();
            Schema = first.Batch.Schema;
            _rows = [.. Parts().Select(part => (int)part.Rows)];
        }

        public Cid Cid { get; }

        public int Count => _rows.Length;

        public Schema Schema { get; }

        public IEnumerable<DiffPart> Parts() => ExportRows.PartsOf(_store, Cid);

        /// <summary>The batches cut as these are; a batch of no rows is one of its own.</summary>
        public IEnumerable<RecordBatch> CutAlike(IEnumerable<RecordBatch> made) =>
            _rows.Contains(0) ? made : BatchCut.ByRows(made, _rows);
    }

    /// <summary>What the command made: its file, or its standard output in a temporary one.</summary>
    private sealed class Made : IDisposable
    {
        private readonly string? _temporary;

        public Made(string[] command, string? file)
        {
            File = file ?? (_temporary = Path.GetTempFileName());
            try
            {
                Run(command, file);
                Format = FormatOf(File, isNamed: file is not null);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public string File { get; }

        /// <summary>What it is, told by its first bytes; null where its name says it.</summary>
        public string? Format { get; }

        public void Dispose()
        {
            if (_temporary is not null) System.IO.File.Delete(_temporary);
        }

        private void Run(string[] command, string? file)
        {
            (DateTime Time, long Length)? before = StateOf(file);
            var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = file is null };
            int exit;
            try
            {
                using Process process = Process.Start(start)!;
                if (file is null)
                {
                    using FileStream output = System.IO.File.Create(File);
                    process.StandardOutput.BaseStream.CopyTo(output);
                }

                process.WaitForExit();
                exit = process.ExitCode;
            }
            catch (Win32Exception e)
            {
                throw new ArrowCidException(ErrorCode.Io, $"{command[0]} cannot be started: {e.Message}", e);
            }

            if (exit != 0)
                throw new ArrowCidException(ErrorCode.Io, string.Create(CultureInfo.InvariantCulture,
                    $"{command[0]} ended with exit code {exit}; nothing was compared"));
            if (file is not null && (StateOf(file) is not { } after || after == before))
                throw new ArrowCidException(ErrorCode.Io, $"{command[0]} did not write {file}; nothing was compared");
        }

        private static (DateTime Time, long Length)? StateOf(string? file)
        {
            if (file is null) return null;
            var info = new FileInfo(file);
            return info.Exists ? (info.LastWriteTimeUtc, info.Length) : null;
        }

        private static string? FormatOf(string file, bool isNamed)
        {
            if (isNamed) return null;
            Span<byte> start = stackalloc byte[64];
            using FileStream stream = System.IO.File.OpenRead(file);
            ReadOnlySpan<byte> first = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            bool isArrow = first.IsEmpty || first.StartsWith<byte>([0xff, 0xff, 0xff, 0xff]) ||
                first.StartsWith("ARROW1"u8) || first.StartsWith("PAR1"u8);
            if (isArrow) return RowInput.Arrow;
            return first.TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? RowInput.Json : RowInput.Csv;
        }
    }
}
