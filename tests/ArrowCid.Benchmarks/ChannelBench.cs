using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using ArrowCid.Channels;
using ArrowCid.Memory;
using ArrowCid.Signing;

namespace ArrowCid.Benchmarks;

/// <summary>Channels: messages from process to process, their sizes, what publishing takes, and a long channel.</summary>
/// <param name="isQuick">Whether shape matters more than figures.</param>
/// <param name="rounds">The rounds.</param>
internal sealed class ChannelBench(bool isQuick, Rounds rounds) : IBench
{
    private const double WakeGoal = 1 / 3.0, SizeGoal = 420, WrapGoal = 10, MemoryGoal = 100, OpenGoal = 3, SignGoal = 80,
        ReceiveGoal = 8;

    private const string Wake = "wake", Size = "size", Publish = "publish", Long = "long";

    private readonly BenchPlace _place = BenchPlace.In("/dev/shm");

    /// <summary>What can be measured alone.</summary>
    public static IEnumerable<string> Names => [Wake, Size, Publish, Long];

    public Rounds Rounds => rounds;

    public string? MissingCompetitors => null;

    public IEnumerable<Measurement> Run(string[] only)
    {
        bool Is(string name) => only.Length == 0 || only.Contains(name);
        if (Is(Wake)) yield return PublishToDeliver();
        if (Is(Size)) yield return Sizes();
        if (Is(Publish))
        {
            yield return Wrap();
            yield return Published();
            yield return Signed();
            yield return Received();
        }

        if (!Is(Long)) yield break;
        foreach (Measurement figure in LongChannel()) yield return figure;
    }

    public void Dispose() => _place.Dispose();

    private static MessageChannel Create(CidStore store) =>
        MessageChannel.Create(store, "bench", new ChannelOptions { IsOpen = true });

    /// <summary>From the publish to the message in another process; the other side is a batch that <c>watch</c> tells
    /// of.</summary>
    private Measurement PublishToDeliver()
    {
        int pings = isQuick ? 60 : 600;
        TimeSpan pause = TimeSpan.FromMicroseconds(300);
        using BenchStore channels = _place.Open("channels", new CidStoreOptions { Capacity = 512 << 20 }),
            puts = _place.Open("puts", new CidStoreOptions { Capacity = 512 << 20 });
        using MessageChannel channel = Create(channels.Store);
        var batch = new NumberedBatch(64, 1);
        _ = puts.Store.Put(batch.With(Stopwatch.GetTimestamp()));
        using var reader = LineProcess.Second("channel", channels.Directory);
        using var watcher = LineProcess.Second("watch", puts.Directory);
        reader.Tell("begin");
        _ = reader.HearNumber();
        byte[] bytes = new byte[sizeof(long)];
        double?[] p50 = rounds.AllInTurn(
            () => Each(reader, () =>
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes, Stopwatch.GetTimestamp());
                _ = channel.PublishBytes(bytes);
            }),
            () => Each(watcher, () => _ = puts.Store.Put(batch.With(Stopwatch.GetTimestamp()))));
        return new Measurement("publish to deliver in another process, p50", p50[0] * 1e6, p50[1] * 1e6, "us",
            "put to watch", WakeGoal)
        {
            IsLessBetter = true,
        };

        double Each(LineProcess second, Action act)
        {
            second.Tell($"wake {pings}");
            for (int i = 0; i < pings; i++)
            {
                long start = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(start) < pause) Thread.SpinWait(20);
                act();
            }

            return second.HearNumber();
        }
    }

    private static Measurement Sizes()
    {
        using SigningKey key = SigningKey.Create();
        MessageDraft draft = DraftOf(key, sequence: 1_000_000);
        var signed = MessageBlock.Create(draft, key);
        var unsigned = MessageBlock.Create(draft, null);
        return new Measurement("bytes of a signed message of 8 bytes", signed.Bytes.Length, null, "B", "", null, SizeGoal)
        {
            IsLessBetter = true,
            Note = $"unsigned {unsigned.Bytes.Length}; with one parent",
        };
    }

    private Measurement Wrap()
    {
        int count = isQuick ? 2_000 : 50_000;
        using SigningKey key = SigningKey.Create();
        MessageDraft draft = DraftOf(key, 1);
        double?[] seconds = rounds.AllInTurn(
            () => Rounds.Seconds(() =>
            {
                for (int i = 1; i <= count; i++) _ = MessageBlock.Create(draft with { Sequence = (ulong)i }, null);
            }),
            () => Rounds.Seconds(() =>
            {
                byte[] bytes = new byte[256];
                for (int i = 1; i <= count; i++) _ = SHA256.HashData(bytes);
            }));
        return new Measurement("unsigned message made", seconds[0] * 1e6 / count, seconds[1] * 1e6 / count, "us",
            "SHA-256 of 256 bytes alone", null, WrapGoal)
        {
            IsLessBetter = true,
        };
    }

    private Measurement Published()
    {
        int count = isQuick ? 500 : 5_000;
        long bytes = (long)count * 2048 * (rounds.Count + 2);
        using BenchStore store = _place.Open("published", new CidStoreOptions { Capacity = Math.Max(256L << 20, bytes * 2) });
        using MessageChannel channel = Create(store.Store);
        byte[] content = new byte[sizeof(long)];
        double?[] seconds = rounds.AllInTurn(
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < count; i++) _ = channel.PublishBytes(content);
            }),
            () => Rounds.Seconds(() =>
            {
                byte[] raw = new byte[300];
                for (int i = 0; i < count; i++)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(raw, Random.Shared.NextInt64());
                    _ = store.Store.PutRaw(raw);
                }
            }));
        return new Measurement("unsigned message published into a store", seconds[0] * 1e6 / count,
            seconds[1] * 1e6 / count, "us", "put of as many bytes", null)
        {
            IsLessBetter = true,
        };
    }

    private Measurement Signed()
    {
        int count = isQuick ? 200 : 2_000;
        using SigningKey key = SigningKey.Create();
        using var plain = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        MessageDraft draft = DraftOf(key, 1);
        byte[] payload = new byte[256];
        double?[] seconds = rounds.AllInTurn(
            () => Rounds.Seconds(() =>
            {
                for (int i = 1; i <= count; i++) _ = MessageBlock.Create(draft with { Sequence = (ulong)i }, key);
            }),
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < count; i++) _ = plain.SignData(payload, HashAlgorithmName.SHA256);
            }));
        return new Measurement("signed message made", seconds[0] * 1e6 / count, seconds[1] * 1e6 / count, "us",
            "ECDsa.SignData alone", null, SignGoal)
        {
            IsLessBetter = true,
        };
    }

    private Measurement Received()
    {
        int count = isQuick ? 2_000 : 50_000;
        using SigningKey key = SigningKey.Create();
        var block = new ChannelBlock { Name = "bench", At = 1, Nonce = new byte[ChannelBlock.NonceBytes], Writers = null };
        Cid cid = Cid.Sha256(Multicodec.DagCbor, block.Encode());
        byte[][] messages = new byte[count][];
        Digest256[] parents = [];
        for (int i = 0; i < count; i++)
        {
            var message = MessageBlock.Create(DraftOf(key, (ulong)i + 1) with { Channel = cid, At = (ulong)i + 1, Parents = parents }, null);
            (messages[i], parents) = (message.Bytes.ToArray(), [message.Digest]);
        }

        double?[] seconds = rounds.AllInTurn(() =>
        {
            var engine = new ChannelEngine(block, cid, NoMessages.Instance);
            var events = new List<EngineEvent>();
            return Rounds.Seconds(() =>
            {
                foreach (byte[] message in messages)
                {
                    _ = engine.Add(MessageBlock.Decode(message), now: 10_000_000, since: 1, events);
                    events.Clear();
                }
            });
        }, null);
        return new Measurement("unsigned message read and delivered", seconds[0] * 1e6 / count, null, "us", "", null, ReceiveGoal)
        {
            IsLessBetter = true,
        };
    }

    private IEnumerable<Measurement> LongChannel()
    {
        int count = isQuick ? 20_000 : 1_000_000;
        using BenchStore store = _place.Open("long", new CidStoreOptions { Capacity = Math.Max(256L << 20, count * 1600L) });
        using (MessageChannel channel = Create(store.Store))
        {
            byte[] bytes = new byte[sizeof(long)];
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes, i);
                _ = channel.PublishBytes(bytes);
            }
        }

        _ = store.Store.Maintenance.Checkpoint();
        using var reader = LineProcess.Second("channel", store.Directory);
        reader.Tell("open");
        double[] figures = [.. reader.Hear().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        string what = string.Create(CultureInfo.InvariantCulture, $"channel of {count:N0} messages");
        yield return new Measurement($"{what}: private memory of a process that holds it", figures[1], null, "MiB", "", null,
            MemoryGoal)
        {
            IsLessBetter = true,
        };
        yield return new Measurement($"{what}: opened", figures[0], null, "s", "", null, OpenGoal) { IsLessBetter = true };
    }

    private static MessageDraft DraftOf(SigningKey key, ulong sequence) => new()
    {
        Channel = Cid.Sha256(Multicodec.DagCbor, [1]),
        At = 1_764_547_200_000,
        Parents = [Sha256.Hash([2])],
        Writer = ChannelKeys.WriterOf(key.PublicKey!),
        Run = UInt128.MaxValue,
        Sequence = sequence,
        Content = new MessageContent { Bytes = new byte[8] },
    };

    private sealed class NoMessages : IMessageSource
    {
        public static readonly NoMessages Instance = new();

        public MessageBlock? Find(in Digest256 digest) => null;

        public ulong? TimeOf(in Digest256 digest) => null;
    }
}
