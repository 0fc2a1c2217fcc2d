using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Transfer;

public class RowFilterTests
{
    private const string Csv =
        "id,sym,px,ok,day\n1,ES,100.5,true,2026-11-20\n2,NQ,99,false,2026-11-21\n3,,101,,2026-11-22\n4,ES,,true,\n";

    [Theory]
    [InlineData("px > 100", "1 3")]
    [InlineData("px >= 99 and sym = ES", "1")]
    [InlineData("sym = \"ES\" or sym = NQ", "1 2 4")]
    [InlineData("not (sym = ES) and id < 3", "2")]
    [InlineData("sym != ES", "2 3")]
    [InlineData("px = null", "4")]
    [InlineData("px != null", "1 2 3")]
    [InlineData("sym ~ \"E*\"", "1 4")]
    [InlineData("sym !~ 'E*'", "2 3")]
    [InlineData("ok = true", "1 4")]
    [InlineData("day >= 2026-11-21", "2 3")]
    [InlineData("day = 2026-11-20", "1")]
    [InlineData("\"px\" < 99.5", "2")]
    [InlineData("id = 9", "")]
    public void RowFilter_passes_the_rows_that_its_tests_hold_for(string filter, string ids)
    {
        RecordBatch batch = Rows.Csv(Csv)[0];
        Assert.Equal(ids, Ids(RowFilter.Parse(filter), batch));
    }

    [Fact]
    public void RowFilter_reads_values_through_dictionaries()
    {
        var texts = new DictionaryBuilder(new DictionaryType(ArrowType.Int32, ArrowType.Utf8));
        foreach (string text in (string[])["ES", "NQ", "ES"]) texts.Append(text);
        RecordBatch batch = RecordBatch.Of(("id", ArrowArray.From<int>(new[] { 1, 2, 3 })), ("sym", texts.Build()));
        Assert.Equal("1 3", Ids(RowFilter.Parse("sym = ES"), batch));
    }

    [Theory]
    [InlineData("px > cheap", "a number, since 'px' is")]
    [InlineData("px ~ 1", "another operator")]
    [InlineData("ok > true", "since 'ok' is bool")]
    [InlineData("day < 7", "a date or time")]
    [InlineData("px > null", "another value")]
    public void RowFilter_is_refused_when_a_value_does_not_fit_the_column(string filter, string expected)
    {
        RecordBatch batch = Rows.Csv(Csv)[0];
        var thrown = Assert.Throws<InvalidFilterException>(() => Ids(RowFilter.Parse(filter), batch));
        Assert.Contains(expected, thrown.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("px")]
    [InlineData("px > ")]
    [InlineData("px > 1 sym = ES")]
    [InlineData("(px > 1")]
    public void RowFilter_is_refused_when_it_is_not_a_filter(string filter) =>
        Assert.Throws<InvalidFilterException>(() => RowFilter.Parse(filter));

    [Fact]
    public void RowFilter_names_the_columns_when_one_is_missing()
    {
        RecordBatch batch = Rows.Csv(Csv)[0];
        var thrown = Assert.Throws<ArrowCidException>(() => Ids(RowFilter.Parse("zz = 1"), batch));
        Assert.Equal("no column 'zz'; there are: id, sym, px, ok, day", thrown.Message);
    }

    private static string Ids(RowFilter filter, RecordBatch batch)
    {
        var ids = new List<string>();
        foreach (RecordBatch rows in filter.Apply(batch))
        {
            using var text = new StringWriter();
            BatchText.WriteCsv(rows, text, header: false);
            ids.AddRange(text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')[0]));
        }

        return string.Join(' ', ids);
    }
}
