using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>One run of a command, or the repetition of its result.</summary>
internal sealed class RunCommand(CidStore store, CallKey key, string[] words,
    IReadOnlyDictionary<string, (Cid Cid, string? Path)> inputs)
{
    // The calls around a command, which its processes inherit: one line for each, with its store.
    private const string ComputingVariable = "ARROWCID_COMPUTING";

    private const int MaxCaptured = int.MaxValue - 1024;

    /// <summary>How long the result is kept; null: the default.</summary>
    public TimeSpan? Life { get; init; }

    /// <summary>A name for the result.</summary>
    public string? Name { get; init; }

    /// <summary>What the standard output is.</summary>
    public string? Format { get; init; }

    /// <summary>Whether a result with an exit code other than 0 is kept.</summary>
    public bool KeepsFailures { get; init; }

    /// <summary>Runs the command, or repeats it.</summary>
    /// <returns>Its exit code.</returns>
    public int Run()
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            (StoredResult? result, MemoWork? work) = Begin();
            using (work)
            {
                if (work is not null) return Run(work);
                if (RunRecord.TryRead(store, result!.Value) is { } record && Repeat(record, started))
                    return record.Exit;
            }

            // A result of another kind, or one of which something was removed.
            store.Registry.Results.Remove([key.Cid]);
        }
    }

    private string Own => $"{key.Cid} {store.Blocks.Id:N}";

    /// <summary>Finds the result, or takes the right to compute it. A command that runs itself would wait for its own
    /// result for ever.</summary>
    private (StoredResult? Result, MemoWork? Work) Begin()
    {
        string[] around = Environment.GetEnvironmentVariable(ComputingVariable)?.Split('\n') ?? [];
        if (!around.Contains(Own)) return MemoTable.Begin(store, key, Timeout.InfiniteTimeSpan);
        try
        {
            // The command around may have ended, and this one be what it left running.
            return MemoTable.Begin(store, key, TimeSpan.Zero);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"'{key.Function}' runs itself with the same arguments, and would wait for its own result; change " +
                "the arguments, such as one of --param, or run it without 'arrowcid run'", e);
        }
    }

    private int Run(MemoWork work)
    {
        using var folder = new InputFolder(store);
        using var output = new Captured(MaxCaptured);
        using var error = new Captured(MaxCaptured);
        int exit = Start(folder, output, error);
        TimeSpan took = work.Elapsed;
        bool isKept = (exit == 0 || KeepsFailures) && !output.IsCut && !error.IsCut && Life != TimeSpan.Zero;
        string about = "";
        if (isKept) about = TryStore(work, exit, took, output.Bytes, error.Bytes);
        else if (output.IsCut || error.IsCut) CommandError.Say("the output is over 2 GiB and is not stored");
        Report($"ran   {Text(took)}{about}{(exit == 0 ? "" : $"  exit code {exit}")}");
        return exit;
    }

    /// <summary>Stores the result. A store without space does not make the command fail, which has run.</summary>
    private string TryStore(MemoWork work, int exit, TimeSpan took, ReadOnlyMemory<byte> output,
        ReadOnlyMemory<byte> error)
    {
        try
        {
            return "  " + Store(work, exit, took, output, error);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.StoreFull or ErrorCode.IndexFull or ErrorCode.TooLarge
            or ErrorCode.Busy or ErrorCode.ResourceExhausted)
        {
            CommandError.Say($"the result is not stored: {Advice.Of(e)}");
            return "";
        }
    }

    private string Store(MemoWork work, int exit, TimeSpan took, ReadOnlyMemory<byte> output,
        ReadOnlyMemory<byte> error)
    {
        var created = new List<Cid>();
        Cid printed = PutBytes(output, created), complained = PutBytes(error, created);
        (Cid value, string format) = exit == 0 && output.Length > 0
            ? RunOutput.Put(store, output, printed, Format, created)
            : (printed, "bytes");
        var record = new RunRecord(exit, (long)took.TotalMilliseconds, format, value, printed, complained);
        PutResult put = store.PutRaw(record.ToBytes(), Multicodec.DagCbor);
        if (put.IsNew) created.Add(put.Cid);
        work.Set(put.Cid, Life, created, [KeyValuePair.Create(MemoWork.FormTag, $"run:{format}"),
            KeyValuePair.Create(MemoWork.MillisecondsTag,
                took.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture))]);
        if (Name is { } name && exit == 0) _ = store.Names.Set(name, value);
        return Describe(value);
    }

    private Cid PutBytes(ReadOnlyMemory<byte> bytes, List<Cid> created)
    {
        PutResult put = store.PutRaw(bytes);
        if (put.IsNew) created.Add(put.Cid);
        return put.Cid;
    }

    private bool Repeat(RunRecord record, long started)
    {
        byte[]? output = store.Reading.ReadBlock(record.Output), error = store.Reading.ReadBlock(record.Error);
        if (output is null || error is null) return false;
        using (Stream to = Output.OpenStream()) to.Write(output);
        using (Stream to = Console.OpenStandardError()) to.Write(error);
        if (Name is { } name && record is { Exit: 0, Value: { } value } && store.Names.Resolve(name) != value)
            _ = store.Names.Set(name, value);
        var saved = TimeSpan.FromMilliseconds(record.Milliseconds);
        string about = record.Value is { } known ? "  " + Describe(known) : "";
        Report($"hit   {Text(Stopwatch.GetElapsedTime(started))}, saved {Text(saved)}{about}" +
            (record.Exit == 0 ? "" : $"  exit code {record.Exit}"));
        return true;
    }

    private string Describe(Cid value) => store.Metadata.Get(value) is { } entry
        ? string.Create(CultureInfo.InvariantCulture, $"{value}  {entry.Rows}  {entry.ByteLength}")
        : value.ToString();

    private static void Report(string line) => Console.Error.WriteLine(line);

    private int Start(InputFolder folder, Captured output, Captured error)
    {
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, (Cid cid, string? path)) in inputs)
            start.Environment[VariableOf(name)] = path ?? folder.Write(name, cid);
        start.Environment[ComputingVariable] =
            Environment.GetEnvironmentVariable(ComputingVariable) is { Length: > 0 } around ? $"{around}\n{Own}" : Own;
        using Process process = Begin(start);
        process.StandardInput.Close();
        using Stream toOutput = Output.OpenStream(), toError = Console.OpenStandardError();
        Task copies = Task.WhenAll(
            output.CopyAsync(process.StandardOutput.BaseStream, toOutput),
            error.CopyAsync(process.StandardError.BaseStream, toError));
        process.WaitForExit();
        copies.GetAwaiter().GetResult();
        return process.ExitCode;
    }

    private Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"'{words[0]}' cannot be run: {e.Message}", e);
        }
    }

    private static string VariableOf(string name) => "ARROWCID_IN_" + string.Concat(name.Select(c =>
        char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));

    /// <summary>A time to two or three digits.</summary>
    private static string Text(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:0} us"),
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
    };
}
