using System.Globalization;
using Spectre.Console;

namespace ArrowCid.Cli.Demo;

/// <summary>What the demo shows a person.</summary>
internal sealed class DemoReport
{
    private const int LeastWidth = 120;

    private const string CommandName = "arrowcid";

    private static readonly string s_programName = typeof(DemoReport).Assembly.GetName().Name!;

    private readonly string _directory;
    private readonly IAnsiConsole _console;

    public DemoReport(string directory)
    {
        _directory = directory;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Out),
            Ansi = Output.HasColors ? AnsiSupport.Detect : AnsiSupport.No,
        });
        // A narrow terminal breaks long lines itself; the console would cut words off.
        _console.Profile.Width = Math.Max(_console.Profile.Width, LeastWidth);
    }

    /// <summary>The first process's part.</summary>
    public void Published(string sample, PutResult[] puts, double open, double load, double put)
    {
        Heading("1", $"This process (pid {Environment.ProcessId}) publishes {Count(puts.Sum(p => p.Rows))} flights");
        Line($"from {sample}");
        Line($"into a new store, {_directory}");
        Line("Each batch is encoded into its one canonical block, right in the store's memory, and hashed there.");
        Line("The hash is its address, the CID: the same values have the same CID, whatever program wrote them.");
        Line();
        Table steps = Steps();
        Step(steps, "make the store", open, "a directory of mapped files; no server");
        Step(steps, "read the sample", load, $"cut into {puts.Length} batches of {Count(puts[0].Rows)} rows");
        Step(steps, $"put {puts.Length} batches", put,
            $"{Count(puts.Sum(p => p.ByteLength))} bytes encoded, hashed, published; {puts.Count(p => p.IsNew)} new");
        _console.Write(steps);
        Line();
    }

    /// <summary>The second process's part.</summary>
    public void Read(PutResult[] puts, DemoReading reading, double whole)
    {
        Heading("2",
            $"A second process (pid {reading.ProcessId}) is told the directory and {puts.Length} CIDs, nothing else");
        Line();
        Table steps = Steps();
        Step(steps, "find the blocks", reading.FindMilliseconds,
            $"{reading.Places.Length} of {puts.Length} found, mapped and opened");
        Step(steps, "hash them again", reading.HashMilliseconds,
            $"{Count(reading.HashedBytes)} bytes; every block is what its CID says");
        Step(steps, "read two columns", reading.ReadMilliseconds,
            $"{Count(reading.ValueBytes)} bytes of values where they lie; " +
            $"{Count(reading.AllocatedBytes)} bytes allocated meanwhile");
        Step(steps, "all of the process", whole, "most of it the start of .NET");
        _console.Write(steps);
        Line("All times are of first calls, so .NET's compiler is in them.");
        Line();
        Heading("3", "What it read: delay by distance");
        Line();
        Table bands = Plain("miles", ">flights", ">mean, min", ">median", ">90 % within", ">over 15 min late");
        foreach (DelayBand band in reading.Bands)
        {
            Row(bands, band.Miles, Count(band.Flights), Number(band.Mean, "F2"), Number(band.Median, "F0"),
                Number(band.NinetiethPercentile, "F0"), Number(band.LateShare * 100, "F1") + " %");
        }

        _console.Write(bands);
        Line();
        Heading("4", "Where the blocks lie: segment file + offset of the first byte");
        Line();
        // Past the console's layout: a CID must not be broken into lines.
        foreach ((PutResult put, string place) in puts.Zip(reading.Places))
            Line($"{put.Cid}  {Count(put.Rows)} rows  {Count(put.ByteLength)} bytes  {Path.GetFileName(place)}");
        Line();
    }

    /// <summary>What to try: commands that can be pasted.</summary>
    public void Next(PutResult[] puts, int known)
    {
        Line($"The same {puts.Length} batches put again: {known} known, none written again.");
        Line();
        Heading("5", "What to try next (the store stays until you remove it)");
        Line();
        string cid = puts[0].Cid.ToString();
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) != CommandName)
            Line($"alias {CommandName}={Quoted(Path.Combine(AppContext.BaseDirectory, s_programName))}");
        Line($"export ARROWCID_STORE={Quoted(_directory)}");
        Line($"arrowcid cat {cid} --head 5");
        Line($"arrowcid info {cid}");
        Line($"arrowcid get {cid} | sha256sum");
        Line("arrowcid ls");
        Line("arrowcid verify --all");
        Line($"rm -r {Quoted(_directory)}");
        Console.Out.Flush();
    }

    private static string Quoted(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || "/-_.".Contains(c, StringComparison.Ordinal))
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private void Heading(string number, string text) =>
        _console.MarkupLineInterpolated($"[green]{number}[/]  [bold]{text}[/]");

    private static void Line(string text = "") => Console.Out.WriteLine(text.Length == 0 ? "" : $"   {text}");

    private static Table Steps() => Plain("step", ">time", "note").HideHeaders();

    private static void Step(Table table, string what, double milliseconds, string note) =>
        Row(table, what, Number(milliseconds, "F1") + " ms", note);

    /// <summary>A table without a frame; a name that starts with <c>&gt;</c> stands at the right.</summary>
    private static Table Plain(params string[] names)
    {
        var table = new Table { Border = TableBorder.None };
        table.AddColumn(new TableColumn("") { Width = 1 });
        foreach (string name in names)
        {
            var title = new Text(name.TrimStart('>'), new Style(decoration: Decoration.Dim));
            TableColumn column = new TableColumn(title).NoWrap();
            table.AddColumn(name.StartsWith('>') ? column.RightAligned() : column);
        }

        return table;
    }

    /// <summary>The first, empty column is the margin.</summary>
    private static void Row(Table table, params string[] cells) =>
        table.AddRow([new Text(""), .. cells.Select(cell => new Text(cell))]);

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
