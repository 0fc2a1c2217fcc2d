using ArrowCid.Cli.Verbs;
using ArrowCid.Columnar;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The distribution of a column as <c>info</c> shows it on a terminal.</summary>
public sealed class SparklineTests
{
    [Fact]
    public void Line_shows_where_the_values_are_and_how_many_are_null()
    {
        Assert.Equal("████████████████ 0 to 15", Draw([.. Enumerable.Range(0, 16).Select(i => (double?)i)]));
        Assert.Equal("█              ▁ -3 to 1000", Draw([.. Enumerable.Repeat<double?>(-3, 99), 1000]));
        Assert.Equal("█                7.5 to 7.5, 33.3 % null", Draw([7.5, null, 7.5]));
        Assert.Equal("█              █ -1.79769E+308 to 1.79769E+308", Draw([double.MinValue, double.MaxValue, double.NaN]));
    }

    [Fact]
    public void Line_is_left_out_when_there_is_no_number()
    {
        Assert.Null(Draw([]));
        Assert.Null(Draw([null, double.NaN, double.PositiveInfinity]));
        Assert.Null(Sparkline.Draw(ArrowArray.From<int>(new[] { 1, 2 }, ArrowType.Date32)));
    }

    [Fact]
    public void Long_column_is_read_at_equal_distances()
    {
        string line = Sparkline.Draw(ArrowArray.From<int>(Enumerable.Range(0, 1_000_000).ToArray()))!;
        Assert.Equal("████████████████ about 0 to 999950", line);
    }

    private static string? Draw(double?[] values)
    {
        byte[] validity = new byte[(values.Length + 7) / 8];
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is not null) validity[i / 8] |= (byte)(1 << (i % 8));
        }

        return Sparkline.Draw(ArrowArray.From<double>(Array.ConvertAll(values, value => value ?? 0), validity: validity));
    }
}
