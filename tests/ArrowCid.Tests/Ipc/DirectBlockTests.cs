using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;
using ArrowCid.Tests.Generators;
using FlatTable = ArrowCid.Ipc.FlatTable;

namespace ArrowCid.Tests.Ipc;

/// <summary>A block that is filled as its body comes is the encoder's block, and what the encoder refuses is refused
/// in the same way.</summary>
public sealed class DirectBlockTests
{
    private const Disguise Disguises = Disguise.NullJunk | Disguise.AllOnes | Disguise.UnknownNullCount |
        Disguise.ShiftedOffsets | Disguise.TrailingBits | Disguise.NanPayloads;

    private readonly Dictionary<string, int> _met = [];

    [Fact]
    public void Block_of_each_fixture_is_the_same_when_its_body_comes_in_pieces()
    {
        foreach (string name in IpcData.Valid().Where(name => !name.EndsWith(".arrow_file", StringComparison.Ordinal)))
            Compare(IpcData.Bytes(name), new Random(1), name);
        Require("filled", 50);
    }

    [Fact]
    public void Block_of_random_batches_is_the_same_however_they_are_written() => Seeds.Run((batch, random) =>
    {
        foreach (Disguise disguise in (ReadOnlySpan<Disguise>)[Disguise.None, Disguise.AllOnes | Disguise.NullJunk,
            Disguises & ~Disguise.UnknownNullCount & ~Disguise.ShiftedOffsets, Disguises])
        {
            RecordBatch laid = PlainColumns.Of(MemoryLayout.Lay(batch.Says, disguise, random));
            foreach (IpcKnobs knobs in (ReadOnlySpan<IpcKnobs>)[IpcKnobs.None, IpcKnobs.Narrow | IpcKnobs.V4])
                Compare(TestIpcWriter.Write(laid.Schema, [laid], knobs, random), random, $"{disguise}, {knobs}");
        }
    });

    [Fact]
    public void Messages_that_were_changed_have_the_same_block_or_the_same_refusal()
    {
        Seeds.Run((batch, random) =>
        {
            RecordBatch laid = PlainColumns.Of(batch.Batch);
            byte[] stream = TestIpcWriter.Write(laid.Schema, [laid], IpcKnobs.None, random);
            for (int i = 0; i < 30; i++)
            {
                byte[] changed = (byte[])stream.Clone();
                (int Start, int Metadata, int Body)[] messages = [.. Split(stream)];
                (int start, int metadata, int body) = messages[1];
                // Header and body alike: small numbers, and values that are nobody's.
                bool isBody = body > 0 && random.Next(3) > 0;
                int from = isBody ? start + 8 + metadata : start + 8, length = isBody ? body : metadata;
                for (int n = random.Next(1, 3); n > 0; n--)
                    changed[from + random.Next(length)] = (byte)(random.Next(2) == 0 ? random.Next(4) : random.Next(256));
                Compare(changed, random, $"change {i}");
            }
        });
        Require("filled", Seeds.Least(1000));
        Require("encoded", Seeds.Least(100));
        Require("refused after it was planned", Seeds.Least(50));
    }

    private void Require(string what, int least) => Assert.True(_met.GetValueOrDefault(what) >= least,
        $"{what}: {_met.GetValueOrDefault(what)}, at least {least} are wanted");

    /// <summary>Puts each batch of a stream through both ways.</summary>
    private void Compare(byte[] stream, Random random, string what)
    {
        (int Start, int Metadata, int Body)[] messages = [.. Split(stream)];
        if (messages.Length < 2) return;
        using ArrowReader opened = ArrowReader.Open(stream.AsMemory(0, messages[1].Start));
        foreach ((int start, int metadata, int body) in messages[1..])
        {
            byte[] header = stream.AsSpan(start + 8, metadata).ToArray();
            if (opened.Traits.IsBigEndian) return;
            if (DirectBlock.TryPlan(opened.SchemaView, header, body) is not { } block) continue;
            string direct = Direct(block, opened.SchemaView, stream.AsMemory(start + 8 + metadata, body), random);
            byte[] alone = [.. stream.AsSpan(0, messages[1].Start), .. stream.AsSpan(start, 8 + metadata + body)];
            string encoded = Outcome(() => Read(alone));
            Assert.True(encoded == direct, $"{what}: {direct}, and the encoder says {encoded}");
            if (!block.IsCanonical && !direct.StartsWith('b')) Count("refused after it was planned");
        }
    }

    private static RecordBatch Read(byte[] stream)
    {
        using ArrowReader reader = ArrowReader.Open(stream);
        return reader.ReadView()!;
    }

    private string Direct(DirectBlock block, Schema schema, ReadOnlyMemory<byte> body, Random random)
    {
        byte[] memory = new byte[block.Length];
        random.NextBytes(memory);
        // A second start is as good as the first.
        for (int time = 0; time < 2; time++)
        {
            block.Begin(memory);
            for (int at = 0; at < body.Length;)
            {
                int count = Math.Min(body.Length - at, random.Next(1, time == 0 ? 64 : 100_000));
                block.Take(memory, new Piece(body.Slice(at, count)));
                at += count;
            }
        }

        Count(block.IsCanonical ? "filled" : "encoded");
        if (!block.IsCanonical) return Outcome(() => block.ToBatch(schema, memory));
        var cid = Cid.FromSha256(Multicodec.Raw, block.End(memory));
        Assert.Equal(Cid.Sha256(Multicodec.Raw, memory), cid);
        return cid.ToString();
    }

    private void Count(string what) => _met[what] = _met.GetValueOrDefault(what) + 1;

    private static string Outcome(Func<RecordBatch> batch)
    {
        try
        {
            return CanonicalBlock.Encode(batch()).Cid.ToString();
        }
        catch (InvalidArrowException e)
        {
            return $"{e.Code} {e.Rule} {e.FieldPath} {e.Row}";
        }
    }

    private static IEnumerable<(int Start, int Metadata, int Body)> Split(byte[] stream)
    {
        for (int at = 0; at + 8 <= stream.Length;)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(at)) != -1) yield break;
            int metadata = BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(at + 4));
            if (metadata <= 0 || metadata > stream.Length - at - 8) yield break;
            long body = BodyOf(stream.AsSpan(at + 8, metadata));
            if (body < 0 || body > stream.Length - at - 8 - metadata) yield break;
            yield return (at, metadata, (int)body);
            at += 8 + metadata + (int)body;
        }

        static long BodyOf(ReadOnlySpan<byte> metadata)
        {
            const int LengthField = 3;
            try
            {
                return FlatTable.Root(metadata, new FlatLimits(0, metadata.Length)).Long(LengthField);
            }
            catch (InvalidArrowException)
            {
                return -1;
            }
        }
    }

    private sealed class Piece(ReadOnlyMemory<byte> bytes) : IBodySource
    {
        private ReadOnlyMemory<byte> _left = bytes;

        public int Left => _left.Length;

        public void Read(Span<byte> target)
        {
            _left.Span[..target.Length].CopyTo(target);
            _left = _left[target.Length..];
        }

        public void Skip(int count) => _left = _left[count..];
    }
}
