using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

/// <summary>Every NaN becomes the one quiet NaN, and nothing else changes.</summary>
public class FloatBitsTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    [InlineData(2)]
    public void A_NaN_at_any_place_becomes_the_quiet_one_alone(int width)
    {
        ulong quiet = width switch { 8 => 0x7FF8000000000000, 4 => 0x7FC00000, _ => 0x7E00 };
        // Negative, with other bits; and next to it infinity and negative zero, which stay.
        ulong other = width switch { 8 => 0xFFF0000000000001, 4 => 0xFFA00001, _ => 0xFC01 };
        ulong infinity = width switch { 8 => 0xFFF0000000000000, 4 => 0xFF800000, _ => 0xFC00 };
        ulong zero = 1UL << ((8 * width) - 1);
        for (int length = 0; length <= 40; length++)
        {
            for (int at = 0; at < length; at++)
            {
                ulong[] values = [.. Enumerable.Range(0, length).Select(i => i % 2 == 0 ? infinity : zero)];
                values[at] = other;
                byte[] bytes = Bytes(values, width);
                FloatBits.QuietNaNs(bytes, width);
                values[at] = quiet;
                Assert.Equal(Bytes(values, width), bytes);
            }
        }
    }

    private static byte[] Bytes(ulong[] values, int width) =>
        [.. values.SelectMany(value => BitConverter.GetBytes(value)[..width])];
}
