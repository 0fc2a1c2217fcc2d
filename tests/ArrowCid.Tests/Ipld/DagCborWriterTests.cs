using System.Buffers;
using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>The forward writer writes what the nodes' writer writes, the forward reader reads it, and calls out of place
/// are refused.</summary>
public class DagCborWriterTests
{
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, "hello world"u8);

    [Fact]
    public void The_writer_writes_the_bytes_of_the_node()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            IpldNode node = new RandomNodes(seed).Node();
            var output = new ArrayBufferWriter<byte>();
            var writer = new DagCborWriter(output);
            Write(ref writer, node, seed);
            Assert.True(writer.IsComplete, $"seed {seed}");
            Assert.True(output.WrittenSpan.SequenceEqual(DagCbor.Encode(node)), $"seed {seed}");
        }
    }

    [Fact]
    public void A_fact_is_written_and_read_without_memory()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        WriteFact(output);
        ReadFact(output.WrittenSpan);
        output.ResetWrittenCount();
        long before = GC.GetAllocatedBytesForCurrentThread();
        WriteFact(output);
        long written = GC.GetAllocatedBytesForCurrentThread();
        ReadFact(output.WrittenSpan);
        long read = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal((0, 0), (written - before, read - written));
    }

    [Fact]
    public void Calls_out_of_place_are_refused()
    {
        Refuse((ref DagCborWriter w) => { w.WriteNull(); w.WriteNull(); });
        Refuse((ref DagCborWriter w) => { w.BeginList(1); w.WriteNull(); w.WriteNull(); });
        Refuse((ref DagCborWriter w) => w.WriteKey("a"));
        Refuse((ref DagCborWriter w) => { w.BeginList(1); w.WriteKey("a"); });
        Refuse((ref DagCborWriter w) => { w.BeginMap(1); w.WriteNull(); });
        Refuse((ref DagCborWriter w) => { w.BeginMap(1); w.WriteKey("a"); w.WriteKey("b"); });
        Refuse((ref DagCborWriter w) => { w.BeginMap(2); w.WriteKey("b"); w.WriteNull(); w.WriteKey("a"); });
        Refuse((ref DagCborWriter w) => { w.BeginMap(2); w.WriteKey("a"); w.WriteNull(); w.WriteKey("a"); });
        Refuse((ref DagCborWriter w) => { w.BeginMap(2); w.WriteKey("aa"); w.WriteNull(); w.WriteKey("b"); });
        Refuse((ref DagCborWriter w) => { for (int i = 0; i <= DagCborWriter.MaxDepth; i++) w.BeginList(1); });
        var open = new DagCborWriter(new ArrayBufferWriter<byte>());
        Assert.False(open.IsComplete);
        open.BeginMap(1);
        open.WriteKey("a");
        Assert.False(open.IsComplete);
        open.BeginList(0);
        Assert.True(open.IsComplete);
    }

    [Fact]
    public void Values_that_dag_cbor_does_not_have_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DagCborWriter(new ArrayBufferWriter<byte>()).WriteFloat(double.NaN));
        Assert.Throws<ArgumentException>(() => new DagCborWriter(new ArrayBufferWriter<byte>()).WriteText("\ud800"));
        Assert.Throws<ArgumentException>(() => new DagCborWriter(new ArrayBufferWriter<byte>()).WriteLink(default));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DagCborWriter(new ArrayBufferWriter<byte>()).BeginList(-1));
    }

    [Theory]
    [InlineData("6161", "Integer is expected, not Text")]
    [InlineData("fb3ff8000000000000", "Integer is expected, not Float")]
    [InlineData("1b8000000000000000", "an integer of 64 bits with sign is expected")]
    [InlineData("3b8000000000000000", "an integer of 64 bits with sign is expected")]
    public void Another_value_than_expected_is_refused(string hex, string rule)
    {
        var error = Assert.Throws<InvalidIpldException>(() =>
        {
            var reader = new DagCborReader(Hex.Bytes(hex));
            reader.ReadInt64();
        });
        Assert.Equal((rule, 0), (error.Rule, error.Offset));
    }

    [Fact]
    public void Numbers_at_their_limits_are_read()
    {
        Assert.Equal(long.MaxValue, new DagCborReader(Hex.Bytes("1b7fffffffffffffff")).ReadInt64());
        Assert.Equal(long.MinValue, new DagCborReader(Hex.Bytes("3b7fffffffffffffff")).ReadInt64());
        Assert.Equal(ulong.MaxValue, new DagCborReader(Hex.Bytes("1bffffffffffffffff")).ReadUInt64());
        Assert.Throws<InvalidIpldException>(() => new DagCborReader(Hex.Bytes("20")).ReadUInt64());
    }

    private delegate void Calls(ref DagCborWriter writer);

    private static void Refuse(Calls calls) => Assert.Throws<InvalidOperationException>(() =>
    {
        var writer = new DagCborWriter(new ArrayBufferWriter<byte>());
        calls(ref writer);
    });

    private static void WriteFact(ArrayBufferWriter<byte> output)
    {
        var writer = new DagCborWriter(output);
        writer.BeginMap(5);
        writer.WriteKey("at");
        writer.WriteInteger(-1_700_000_000L);
        writer.WriteKey("of");
        writer.WriteLink(s_cid);
        writer.WriteKey("tag");
        writer.WriteText("day=2026-11-20 \u00e9");
        writer.WriteKey("gone");
        writer.WriteBool(true);
        writer.WriteKey("size");
        writer.BeginList(3);
        writer.WriteInteger(ulong.MaxValue);
        writer.WriteFloat(1.5);
        writer.WriteBytes("abc"u8);
    }

    private static void ReadFact(ReadOnlySpan<byte> block)
    {
        var reader = new DagCborReader(block);
        DagCborMap map = reader.BeginMap();
        int seen = 0;
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            seen++;
            bool isRight = true;
            if (key.SequenceEqual("at"u8)) isRight = reader.ReadInt64() == -1_700_000_000L;
            else if (key.SequenceEqual("of"u8)) isRight = reader.ReadLink() == s_cid;
            else if (key.SequenceEqual("tag"u8)) isRight = reader.ReadTextBytes().SequenceEqual("day=2026-11-20 \u00e9"u8);
            else if (key.SequenceEqual("gone"u8)) isRight = reader.ReadBool();
            else reader.Skip(1);
            if (!isRight) Assert.Fail(Hex.Of(key));
        }

        reader.End();
        if (seen != 5) Assert.Fail($"{seen} keys");
    }

    private static void Write(ref DagCborWriter writer, IpldNode node, int seed)
    {
        switch (node.Kind)
        {
            case IpldKind.Null: writer.WriteNull(); break;
            case IpldKind.Bool: writer.WriteBool(node.AsBool()); break;
            case IpldKind.Integer when node.TryGetInt64(out long small): writer.WriteInteger(small); break;
            case IpldKind.Integer when node.AsInteger() > 0: writer.WriteInteger((ulong)node.AsInteger()); break;
            case IpldKind.Float: writer.WriteFloat(node.AsFloat()); break;
            case IpldKind.Bytes: writer.WriteBytes(node.AsBytes().Span); break;
            case IpldKind.Text: writer.WriteText(node.AsText()); break;
            case IpldKind.Link: writer.WriteLink(node.AsLink()); break;
            case IpldKind.List when seed % 2 == 0:
                writer.BeginList(node.Count);
                foreach (IpldNode item in node.Items) Write(ref writer, item, seed / 2);
                break;
            case IpldKind.Map when seed % 2 == 0:
                writer.BeginMap(node.Count);
                foreach ((string key, IpldNode value) in node.Entries)
                {
                    writer.WriteKey(key);
                    Write(ref writer, value, seed / 2);
                }

                break;
            default: writer.WriteNode(node); break;
        }
    }
}
