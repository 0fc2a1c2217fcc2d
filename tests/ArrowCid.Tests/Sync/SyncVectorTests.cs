using ArrowCid.Memory;
using ArrowCid.Sync;

namespace ArrowCid.Tests.Sync;

/// <summary>The vectors of SYNC.md, byte for byte.</summary>
public class SyncVectorTests
{
    private static readonly SyncHash s_hash = new([.. Enumerable.Range(0, 32).Select(i => (byte)i)],
        [.. Enumerable.Range(100, 32).Select(i => (byte)i)]);

    private static readonly Digest256[] s_items = [Item("item-1"), Item("item-2"), Item("item-3")];

    [Fact]
    public void Key_is_that_of_the_text_when_the_nonces_are() =>
        Assert.Equal("b8c4b02db69ff3a9740f5ffa9661bead", s_hash.Key);

    [Theory]
    [InlineData(0, "59908df5", "243c8ee141ea9fd3", new[] { 0, 1, 2, 3 })]
    [InlineData(1, "77ef1951", "e890514a9cfe72d3", new[] { 0, 13, 14, 25, 28 })]
    [InlineData(2, "7c377ad0", "fecbadf31c2dba0f", new[] { 0, 3, 4, 16, 31 })]
    public void Item_has_the_hash_and_positions_of_the_text(int item, string digest, string hash, int[] positions)
    {
        Assert.StartsWith(digest, s_items[item].ToString(), StringComparison.Ordinal);
        ulong code = s_hash.Of(in s_items[item]);
        Assert.Equal(hash, code.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
        var found = new List<int>();
        for (var position = new SymbolPositions(code); position.Current < 32; position.Next())
            found.Add((int)position.Current);
        Assert.Equal(positions, found);
    }

    [Theory]
    [InlineData(0, "5248ee74c771e88a0244a711100215be441e7b1bb50e178c0ccc5660f2b16ae6", "32677258c139570f", 3)]
    [InlineData(3, "25a7f725375e7aac521e850f05983f1128b6168dab29292f473fa5ba72adf17e", "daf723125dc725dc", 2)]
    public void Symbol_of_the_three_items_is_that_of_the_text(int index, string xor, string check, long count)
    {
        var symbols = new CodedSymbol[32];
        Sketch.Encode(s_items, in s_hash, 0, symbols);
        Assert.Equal(xor, symbols[index].Digest.ToString());
        Assert.Equal(check, symbols[index].Check.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(count, symbols[index].Count);
        Assert.Equal(symbols, Sketch.Read(Sketch.Write(symbols), 32));
        var later = new CodedSymbol[8];
        Sketch.Encode(s_items, in s_hash, 16, later);
        Assert.Equal(symbols[16..24], later);
    }

    [Fact]
    public void Bucket_of_the_three_items_has_the_sum_of_the_text()
    {
        var set = new SyncSet(s_items);
        Assert.Equal("b5cc16fb1e8e980b03000000", Convert.ToHexStringLower(set.BucketSums(in s_hash, 0)));
    }

    private static Digest256 Item(string text) => Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(text));
}
