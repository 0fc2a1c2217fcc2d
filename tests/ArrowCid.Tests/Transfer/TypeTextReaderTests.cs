using ArrowCid.Columnar;
using ArrowCid.Tests.Columnar;

namespace ArrowCid.Tests.Transfer;

public class TypeTextReaderTests
{
    [Fact]
    public void Every_type_is_read_as_it_is_written()
    {
        int read = 0;
        foreach ((string name, Func<ArrowArray> make, _) in EveryType.Cases)
        {
            ArrowType type = make().Type;
            if (type.ToString().Contains("union", StringComparison.Ordinal)) continue;
            Assert.True(type.Equals(TypeTextReader.Type(type.ToString())), $"{name}: {type}");
            read++;
        }

        Assert.True(read > 50, $"{read} types");
    }

    [Fact]
    public void Names_and_types_are_read_up_to_the_comma_that_is_no_type_s()
    {
        Dictionary<string, ArrowType> types = TypeTextReader.Types("a=int64,b c=timestamp[us, UTC],d=list<float64>,e=decimal64(9, -2)");
        Assert.Equal(["a", "b c", "d", "e"], types.Keys);
        Assert.Equal(["int64", "timestamp[us, UTC]", "list<item: float64>", "decimal64(9, -2)"], types.Values.Select(t => t.ToString()));
    }

    [Theory]
    [InlineData("a=int65")]
    [InlineData("a=int64,a=int8")]
    [InlineData("a")]
    [InlineData("a=")]
    [InlineData("a=int64,")]
    [InlineData("a=list<int64")]
    [InlineData("a=map<int64>")]
    [InlineData("a=decimal128(0, 2)")]
    [InlineData("a=fixed_size_binary[-1]")]
    [InlineData("a=timestamp[m]")]
    [InlineData("a=dictionary<utf8, utf8>")]
    public void What_is_no_type_is_refused(string text) =>
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => TypeTextReader.Types(text)).Code);

    [Fact]
    public void Nesting_has_a_bound() => Assert.Throws<ArrowCidException>(() =>
        TypeTextReader.Type(string.Concat(Enumerable.Repeat("list<", 40_000)) + "int8"));
}
