using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli.Bench;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>bench</c>: what our ways cost against others', measured in one run.</summary>
internal static class BenchVerb
{
    private const int LeastRounds = 5;

    public static Command Make()
    {
        Option<bool> json = Verb.Json();
        Option<int?> rounds = Verb.Number("--rounds", LeastRounds,
            "Rounds in which both sides are timed in turn; the medians count.", LeastRounds);
        var hash = new Verb("hash", "Encoding and hashing, against plain SHA-256 and against pyarrow with hashlib.",
            "arrowcid bench hash", "arrowcid bench hash --json")
        {
            json, rounds,
        };
        hash.SetAction(parsed => Run(HashBench.Run, parsed.GetValue(rounds) ?? LeastRounds, parsed.GetValue(json)));
        return new Verb("bench", "Measures against peers, in one run on this machine.", "arrowcid bench hash") { hash };
    }

    private static int Run(Func<Rounds, IEnumerable<Measurement>> bench, int count, bool json)
    {
        using var output = Output.Open();
        var rounds = new Rounds(count);
        if (!json) output.Line($"{"",-38}{"ours",12}{"peer",12}  {"unit",-10}{"ratio",7}{"goal",10}");
        foreach (Measurement measured in bench(rounds))
        {
            if (json) PrintJson(output, measured);
            else Print(output, measured);
            output.Writer.Flush();
        }

        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"noise {rounds.Noise:F2} (slowest by fastest of one fixed loop); " +
            $"{count} rounds; {Environment.ProcessorCount} cores"));
        return 0;
    }

    private static void Print(Output output, Measurement measured)
    {
        string verdict = measured.IsMet switch { true => "met", false => "MISSED", null => "no peer" };
        string goal = Number(measured.Goal ?? measured.FigureGoal);
        output.Line($"{measured.Name,-38}{Number(measured.Ours),12}{Number(measured.Peer),12}  {measured.Unit,-10}" +
            $"{Number(measured.Ratio),7}{goal,10}  {verdict}; peer: {measured.PeerName}");
    }

    private static string Number(double? value) => value switch
    {
        null => "-",
        >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("F2", CultureInfo.InvariantCulture),
    };

    private static void PrintJson(Output output, Measurement measured) => output.JsonLine(writer =>
    {
        writer.WriteString("name", measured.Name);
        writer.WriteNumber("ours", measured.Ours);
        if (measured.Peer is { } peer) writer.WriteNumber("peer", peer);
        else writer.WriteNull("peer");
        writer.WriteString("unit", measured.Unit);
        if (measured.Ratio is { } ratio) writer.WriteNumber("ratio", ratio);
        else writer.WriteNull("ratio");
        writer.WriteNumber("goal", measured.Goal ?? measured.FigureGoal ?? 0);
        writer.WriteString("peerName", measured.PeerName);
    });
}
