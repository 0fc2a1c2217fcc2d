using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>Files get the CIDs that other importers give them, and are read back.</summary>
public sealed class UnixFsDagTests
{
    // Made with ipfs-unixfs-importer 17.1.1 of the bytes of Pattern.
    [Theory]
    [InlineData(0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")]
    [InlineData(1, "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu")]
    [InlineData(1048576, "bafkreifd6cdnwm6y2izhtuhyqdbgptjshwyvso4wbir3g6j7e3hpx5iffa")]
    [InlineData(1048577, "bafybeignt2ocbtaf4vzdhsjbgfr34rczj2jwn5rqguyimrgixajgffjrfa")]
    [InlineData(3145729, "bafybeidvncl4bh65hiw32yqqpsqlq5u4cbpfi6bmraoee3zz7odsnvs6re")]
    [InlineData(5000000, "bafybeif5liousp4o4wzh6fyv4uuhmkjdmxi5n6atmapckwfvwmuyo467f4")]
    public void A_file_of_profile_v1_2025_has_its_CID(int length, string cid) => Check(length, UnixFsProfile.V1Of2025, cid);

    [Theory]
    [InlineData(12, "bafybeigmmahe64yxvd4pasnnfddwahute6jpapykfpleofepqxbeclguka")]
    [InlineData(13, "bafybeig6vasxkhu6bodp24jjciw3nui4zanpsm3kkiip7vqaw4vugjvfmq")]
    [InlineData(36, "bafybeidhmf6v7umrcycoa5ms45grtrr2mbhxwaje4mfo243cvbgwvve3lm")]
    [InlineData(37, "bafybeid55o6dvd4sjcfbuygg5rckr7kydtynfl6xaph67umau2gizztkse")]
    [InlineData(108, "bafybeiho5xfosynht7stwqqhnvmiwv56rvotjnmq6vhifbgzvmqylyajsy")]
    [InlineData(109, "bafybeicsckwwvip7dnxcc4olt3sws63elxrsvnfemmcmzmvnckkj75pxga")]
    public void A_tree_of_many_levels_has_its_CID(int length, string cid) =>
        Check(length, new UnixFsProfile("four by three", 4, 3), cid);

    [Fact]
    public void A_tree_of_many_nodes_has_its_CID_and_its_number_of_blocks()
    {
        var profile = new UnixFsProfile("256 by four", 256, 4);
        Check(1048577, profile, "bafybeiezoeyi6mjsqh7552g6556bkmeppg6uzggpjshset5av5ffrz4eiq");
        Assert.Equal(861, UnixFsDag.Of(Pattern(1048577), profile).Parts().Count());
    }

    [Fact]
    public void An_empty_file_of_the_old_profile_is_the_well_known_one() => Assert.Equal(
        "bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y",
        UnixFsDag.Of([], UnixFsProfile.V0Of2015).Root.ToV1().ToString());

    // IPIP-499's vectors: the key stream of ChaCha20 under the SHA-256 of a seed.
    [Theory]
    [InlineData("chunk-v1-seed", 1 << 20, "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta")]
    [InlineData("chunk-v1-seed", (1 << 20) + 1, "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64")]
    public void The_vectors_of_the_profile_come_out(string seed, int length, string cid) =>
        Assert.Equal(cid, UnixFsDag.Of(new KeyStream(seed, length), UnixFsProfile.V1Of2025).Root.ToString());

    [LongTheory]
    [InlineData(1L << 30, "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm")]
    [InlineData((1L << 30) + 1, "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe")]
    public void The_large_vectors_of_the_profile_come_out(long length, string cid) =>
        Assert.Equal(cid, UnixFsDag.Of(new KeyStream("v1-2025-seed", length), UnixFsProfile.V1Of2025).Root.ToString());

    internal static byte[] Pattern(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)((i * 31) + ((i >> 8) * 17) + ((i >> 16) * 7));
        return bytes;
    }

    internal static Dictionary<Cid, ReadOnlyMemory<byte>> BlocksOf(byte[] file, UnixFsDag dag) => dag.Parts().ToDictionary(
        part => part.Cid, part => part.Node is { } node ? node : (ReadOnlyMemory<byte>)file.AsMemory((int)part.Offset, part.Length));

    private static void Check(int length, UnixFsProfile profile, string cid)
    {
        byte[] file = Pattern(length);
        var dag = UnixFsDag.Of(file, profile);
        Assert.Equal(cid, dag.Root.ToString());
        Assert.Equal(cid, UnixFsDag.Of(new MemoryStream(file), profile).Root.ToString());
        Assert.Equal(length, dag.Length);
        Dictionary<Cid, ReadOnlyMemory<byte>> blocks = BlocksOf(file, dag);
        Assert.All(blocks, block => Assert.Equal(block.Key, Cid.Sha256(block.Key.Codec, block.Value.Span)));
        using var copy = new MemoryStream();
        Assert.Equal(length, new UnixFsReader(each => blocks.TryGetValue(each, out ReadOnlyMemory<byte> found) ? found : null).Copy(dag.Root, copy));
        Assert.Equal(file, copy.ToArray());
    }

    /// <summary>The key stream of ChaCha20 with nonce 0 from counter 0.</summary>
    private sealed class KeyStream(string seed, long length) : Stream
    {
        private const int BlockBytes = 64;
        private readonly uint[] _state = StateOf(seed);
        private readonly byte[] _block = new byte[BlockBytes];
        private long _position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => length;
        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int total = (int)Math.Min(buffer.Length, length - _position);
            for (int done = 0; done < total;)
            {
                int at = (int)(_position % BlockBytes);
                if (at == 0) Next();
                int count = Math.Min(total - done, BlockBytes - at);
                _block.AsSpan(at, count).CopyTo(buffer[done..]);
                done += count;
                _position += count;
            }

            return total;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static uint[] StateOf(string seed)
        {
            byte[] key = SHA256.HashData(Encoding.UTF8.GetBytes(seed));
            uint[] state = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, .. new uint[12]];
            for (int i = 0; i < 8; i++) state[4 + i] = BinaryPrimitives.ReadUInt32LittleEndian(key.AsSpan(4 * i));
            return state;
        }

        private void Next()
        {
            Span<uint> x = stackalloc uint[16];
            _state.CopyTo(x);
            for (int i = 0; i < 10; i++)
            {
                for (int c = 0; c < 4; c++) Quarter(x, c, 4 + c, 8 + c, 12 + c);
                for (int c = 0; c < 4; c++) Quarter(x, c, 4 + ((c + 1) & 3), 8 + ((c + 2) & 3), 12 + ((c + 3) & 3));
            }

            for (int i = 0; i < 16; i++) BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(4 * i), x[i] + _state[i]);
            _state[12]++;
        }

        private static void Quarter(Span<uint> x, int a, int b, int c, int d)
        {
            x[a] += x[b]; x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 16);
            x[c] += x[d]; x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 12);
            x[a] += x[b]; x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 8);
            x[c] += x[d]; x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 7);
        }
    }
}

/// <summary>A theory that runs where ARROWCID_LONG=1 asks for the long tests.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongTheoryAttribute : TheoryAttribute
{
    public LongTheoryAttribute() =>
        Skip = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? null : "a long test: ARROWCID_LONG=1 runs it";
}
