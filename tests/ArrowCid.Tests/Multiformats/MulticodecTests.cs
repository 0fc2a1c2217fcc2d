using System.Globalization;

namespace ArrowCid.Tests.Multiformats;

public class MulticodecTests
{
    [Fact]
    public void Every_name_and_code_is_that_of_the_projects_table()
    {
        var table = Known.Rows("multicodec-table.csv").ToDictionary(row => row[0],
            row => ulong.Parse(row[2].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        int asserted = 0;
        foreach ((ulong code, string name) in Multicodec.All)
        {
            Assert.Equal(table[name], code);
            Assert.Equal(name, Multicodec.Name(code));
            Assert.True(Multicodec.TryGetCode(name, out ulong found));
            Assert.Equal(code, found);
            asserted++;
        }

        Assert.Equal(26, asserted);
        int constants = typeof(Multicodec).GetFields().Count(field => field.IsLiteral);
        Assert.Equal(constants, asserted);
    }

    [Fact]
    public void A_code_without_a_name_is_shown_as_a_number()
    {
        Assert.Equal("0x01", Multicodec.Name(1));
        Assert.Equal("0x300000", Multicodec.Name(0x300000));
        Assert.False(Multicodec.TryGetName(1, out string? name));
        Assert.Null(name);
        Assert.False(Multicodec.TryGetCode("RAW", out ulong code));
        Assert.Equal(0UL, code);
    }
}
