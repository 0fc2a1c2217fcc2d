using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>place trace</c>: every read, as Arrow batches.</summary>
internal static class PlaceTraceVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        var output = new Option<string>("-o", "--output")
        {
            HelpName = "FILE",
            Description = "The output file; - is standard output.",
            Required = true,
        };
        Option<TimeSpan?> span = Verb.Span("--for", "The time to record. Default: until interrupted.");
        var verb = new Verb("trace",
            "Write every read of all processes to a file. The output is an Arrow IPC stream of the columns " +
            "time, cid, bytes, place and ms. It goes on until interrupted; processes begin to record within a second.",
            "arrowcid place trace -o reads.arrows --for 10m")
        {
            output, span, store,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var end = new CancellationTokenSource(parsed.GetValue(span) ?? Timeout.InfiniteTimeSpan);
            using PosixSignalRegistration interrupted = End(PosixSignal.SIGINT, end);
            using PosixSignalRegistration terminated = End(PosixSignal.SIGTERM, end);
            using ReadRecorder recorder = opened.Places.Cache.RecordTrace();
            long reads = 0;
            OutputFile.Write(parsed.GetValue(output)!, stream => reads = recorder.WriteTo(stream, end.Token));
            string lost = recorder.Lost > 0
                ? string.Create(CultureInfo.InvariantCulture, $", {recorder.Lost} more came too fast") : "";
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reads} reads recorded{lost}"));
            return 0;
        });
        return verb;
    }

    private static PosixSignalRegistration End(PosixSignal signal, CancellationTokenSource end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            end.Cancel();
        });
}
