namespace ArrowCid.Tests.Multiformats;

public class VarintTests
{
    [Theory]
    [InlineData(0UL, "00")]
    [InlineData(1UL, "01")]
    [InlineData(127UL, "7f")]
    [InlineData(128UL, "8001")]
    [InlineData(255UL, "ff01")]
    [InlineData(300UL, "ac02")]
    [InlineData(16383UL, "ff7f")]
    [InlineData(16384UL, "808001")]
    [InlineData(0x7fff_ffff_ffff_ffffUL, "ffffffffffffffff7f")]
    public void The_specifications_examples_hold_both_ways(ulong value, string hex)
    {
        byte[] bytes = new byte[9];
        int written = Varint.Write(bytes, value);
        Assert.Equal(hex, Convert.ToHexStringLower(bytes.AsSpan(0, written)));
        Assert.Equal(written, Varint.Length(value));
        Assert.True(Varint.TryRead(Known.Hex(hex + "ff"), out ulong read, out int consumed));
        Assert.Equal((value, written), (read, consumed));
        Assert.Throws<ArgumentException>(() => Varint.Write(bytes.AsSpan(0, written - 1), value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("ffffffffffffffff")]
    [InlineData("8000")]
    [InlineData("818000")]
    [InlineData("ffffffffffffffff00")]
    [InlineData("ffffffffffffffffff01")]
    [InlineData("80808080808080808001")]
    public void What_ends_early_is_not_minimal_or_over_nine_bytes_is_refused(string hex)
    {
        Assert.False(Varint.TryRead(Known.Hex(hex), out ulong value, out int consumed));
        Assert.Equal((0UL, 0), (value, consumed));
    }

    [Fact]
    public void Every_width_comes_back_and_the_tenth_byte_does_not_exist()
    {
        byte[] bytes = new byte[9];
        for (int bit = 0; bit < 63; bit++)
        {
            foreach (ulong value in (ulong[])[1UL << bit, (1UL << bit) - 1, (1UL << bit) | 1])
            {
                int written = Varint.Write(bytes, value);
                Assert.True(Varint.TryRead(bytes.AsSpan(0, written), out ulong read, out int consumed));
                Assert.Equal((value, written), (read, consumed));
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Varint.Write(bytes, 1UL << 63));
        Assert.Throws<ArgumentOutOfRangeException>(() => Varint.Length(ulong.MaxValue));
    }
}
