using System.Globalization;
using System.Text.Json;
using ArrowCid.Storage;

namespace ArrowCid.Cli.Inspect;

/// <summary>Findings on standard output, and what they come to on standard error.</summary>
internal sealed class FindingLines(bool json) : IDisposable
{
    private readonly Output _output = Output.Open();
    private readonly int[] _counts = new int[3];

    /// <param name="finding">What was found.</param>
    /// <param name="isFixed">Whether it is no longer so.</param>
    public void Add(StoreFinding finding, bool isFixed = false)
    {
        if (!isFixed) _counts[(int)finding.Severity]++;
        string severity = JsonNamingPolicy.CamelCase.ConvertName(finding.Severity.ToString());
        if (json)
        {
            _output.JsonLine(writer =>
            {
                writer.WriteString("name", finding.Name);
                writer.WriteString("severity", severity);
                writer.WriteString("place", finding.Place);
                writer.WriteString("message", finding.Message);
                writer.WriteString("remedy", finding.Remedy);
                writer.WriteBoolean("isFixed", isFixed);
            });
            return;
        }

        string end = isFixed ? "fixed" : finding.Remedy;
        _output.Line(Failure.Visible($"{severity}  {finding.Name}  {finding.Place}  {finding.Message}; {end}"));
    }

    /// <summary>Says how many there were.</summary>
    /// <returns>The exit code: that of damage where there was an error.</returns>
    public int End()
    {
        _output.Writer.Flush();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_counts[2]} errors, {_counts[1]} warnings, {_counts[0]} notes"));
        return _counts[2] > 0 ? ErrorTable.ExitCode(ErrorCode.BlockCorrupt) : 0;
    }

    public void Dispose() => _output.Dispose();
}
