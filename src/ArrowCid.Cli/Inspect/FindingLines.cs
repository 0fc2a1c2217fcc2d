using System.Globalization;
using System.Text.Json;
using ArrowCid.Storage;

namespace ArrowCid.Cli.Inspect;

/// <summary>Findings on standard output, and what they come to on standard error.</summary>
/// <param name="json">Prints an object for each finding.</param>
/// <param name="all">Prints a line for each note; else one for all notes of a name.</param>
internal sealed class FindingLines(bool json, bool all) : IDisposable
{
    private readonly Dictionary<string, List<StoreFinding>> _notes = [];
    private readonly Output _output = Output.Open();
    private readonly int[] _counts = new int[3];

    /// <param name="finding">What was found.</param>
    /// <param name="isFixed">Whether it is no longer so.</param>
    public void Add(StoreFinding finding, bool isFixed = false)
    {
        if (!isFixed) _counts[(int)finding.Severity] += finding.Count;
        string severity = JsonNamingPolicy.CamelCase.ConvertName(finding.Severity.ToString());
        if (json)
        {
            _output.JsonLine(writer =>
            {
                writer.WriteString("name", finding.Name);
                writer.WriteString("severity", severity);
                writer.WriteString("place", finding.Place);
                writer.WriteString("message", finding.Message);
                writer.WriteString("remedy", AdviceFor(finding));
                writer.WriteBoolean("isFixed", isFixed);
            });
            return;
        }

        if (!all && !isFixed && finding.Severity == FindingSeverity.Note)
        {
            if (!_notes.TryGetValue(finding.Name, out List<StoreFinding>? notes)) _notes[finding.Name] = notes = [];
            notes.Add(finding);
            return;
        }

        Print(severity, finding, isFixed ? "fixed" : AdviceFor(finding));
    }

    private static string? AdviceFor(StoreFinding finding) =>
        finding.Remedy is { } remedy ? Advice.For(remedy) : null;

    private void Print(string severity, StoreFinding finding, string? end) =>
        _output.Line(CommandError.Visible($"{severity}  {finding.Name}  {finding.Place}  {finding.Message}" +
            (end is null ? "" : $"; {end}")));

    private void Print(List<StoreFinding> notes)
    {
        StoreFinding first = notes[0];
        string? end = AdviceFor(first);
        if (notes.Count > 1)
        {
            first = first with
            {
                Place = string.Create(CultureInfo.InvariantCulture, $"{notes.Sum(note => note.Count)} places"),
                Message = $"for example {first.Place}: {first.Message}",
            };
            end = end is null ? "list all with --verbose" : $"{end}; list all with --verbose";
        }

        Print("note", first, end);
    }

    /// <summary>Says how many there were.</summary>
    /// <returns>The exit code: that of damage where there was an error.</returns>
    public int End()
    {
        foreach (List<StoreFinding> notes in _notes.Values) Print(notes);
        _output.Writer.Flush();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_counts[2]} errors, {_counts[1]} warnings, {_counts[0]} notes"));
        return _counts[2] > 0 ? ErrorTable.ExitCode(ErrorCode.BlockCorrupt) : 0;
    }

    public void Dispose() => _output.Dispose();
}
