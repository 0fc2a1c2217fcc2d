using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;
using ArrowCid.Channels.Sds;

namespace ArrowCid.Benchmarks;

/// <summary>Messages of Scalable Data Sync: of 8 bytes, none acknowledged, in a channel of its own for each round.</summary>
/// <param name="isQuick">Whether shape matters more than figures.</param>
/// <param name="rounds">The rounds.</param>
internal sealed class SdsBench(bool isQuick, Rounds rounds) : IBench
{
    private const double WrapGoal = 10;
    private const string Wrap = "wrap", Receive = "receive", Size = "size", Channel = "bench";

    // @waku/sds looks through all its messages for each new one: over more of them its mean is worse.
    private const int Messages = 300;

    private readonly LineProcess? _competitor = Start();

    /// <summary>What can be measured alone.</summary>
    public static IEnumerable<string> Names => [Wrap, Receive, Size];

    public Rounds Rounds => rounds;

    public string? MissingCompetitors => _competitor is null ? "@waku/sds" : null;

    public IEnumerable<Measurement> Run(string[] only)
    {
        bool Is(string name) => only.Length == 0 || only.Contains(name);
        foreach (SdsDialect dialect in Enum.GetValues<SdsDialect>())
        {
            string of = dialect == SdsDialect.Nim ? "nim" : "rfc";
            if (Is(Wrap))
            {
                double?[] seconds = rounds.AllInTurn(() => WrapAll(dialect, out _), Side(Wrap));
                yield return new Measurement($"wrap of {of}, mean of {Messages}", seconds[0] * 1e6, seconds[1] * 1e6, "us",
                    "@waku/sds", null, WrapGoal)
                {
                    IsLessBetter = true,
                };
            }

            if (Is(Receive))
            {
                _ = WrapAll(dialect, out byte[][] wrapped);
                double?[] seconds = rounds.AllInTurn(() => ReceiveAll(dialect, wrapped), Side(Receive));
                yield return new Measurement($"receive and deliver, {of}", seconds[0] * 1e6, seconds[1] * 1e6, "us", "@waku/sds",
                    null)
                {
                    IsLessBetter = true,
                };
            }

            if (!Is(Size)) continue;
            _ = WrapAll(dialect, out byte[][] messages);
            yield return new Measurement($"bytes of a message of {of}, mean", messages.Average(each => each.Length),
                Side("length")?.Invoke() * 1e9, "B", "@waku/sds", null)
            {
                IsLessBetter = true,
                Note = "the filter takes 18,752 of them",
            };
        }
    }

    public void Dispose() => _competitor?.Dispose();

    private static LineProcess? Start() => SourceTree.Find("interop/node/sds/participant.mjs") is { } script
        ? LineProcess.TryStart(new ProcessStartInfo("node", [script, "bench", Channel])) : null;

    private double WrapAll(SdsDialect dialect, out byte[][] wrapped)
    {
        int channels = isQuick ? 3 : 30;
        byte[][] messages = new byte[Messages][];
        byte[] content = new byte[sizeof(long)];
        string[] ids = [.. Enumerable.Range(0, Messages).Select(i => $"message-{i}")];
        double seconds = 0;
        for (int channel = 0; channel < channels; channel++)
        {
            var sender = new SdsParticipant("sender", new SdsOptions { Dialect = dialect });
            sender.OpenChannel(Channel);
            seconds += Rounds.Seconds(() =>
            {
                for (int i = 0; i < Messages; i++)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(content, i);
                    messages[i] = sender.Wrap(content, ids[i], Channel);
                }
            });
        }

        wrapped = messages;
        return seconds / channels / Messages;
    }

    private double ReceiveAll(SdsDialect dialect, byte[][] wrapped)
    {
        int channels = isQuick ? 3 : 30;
        double seconds = 0;
        for (int channel = 0; channel < channels; channel++)
        {
            int delivered = 0;
            var receiver = new SdsParticipant("receiver", new SdsOptions { Dialect = dialect, OnEvent = _ => delivered++ });
            receiver.OpenChannel(Channel);
            seconds += Rounds.Seconds(() =>
            {
                foreach (byte[] message in wrapped) _ = receiver.Unwrap(message);
            });
            if (delivered != wrapped.Length) throw new InvalidOperationException($"{delivered} of {wrapped.Length} delivered");
        }

        return seconds / channels / wrapped.Length;
    }

    // Gives seconds; of a length, bytes by 10^9.
    private Func<double>? Side(string what) => _competitor is null ? null : () =>
    {
        string command = JsonSerializer.Serialize(new { @do = "time", count = Messages });
        using var answer = JsonDocument.Parse(_competitor.Ask(command));
        return answer.RootElement.GetProperty(what).GetDouble() / 1e9;
    };
}
