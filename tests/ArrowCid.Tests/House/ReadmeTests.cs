using Apache.Arrow;

namespace ArrowCid.Tests.House;

/// <summary>The README's C# is this file's, and runs.</summary>
public class ReadmeTests
{
    private const string Start = "// README: from here", End = "// README: to here";
    private const string Place = "/dev/shm/quotes";

    [Fact]
    public void The_sketch_in_the_readme_is_the_one_that_is_compiled_here()
    {
        string source = File.ReadAllText(Repository.PathOf("tests/ArrowCid.Tests/House/ReadmeTests.cs"));
        string readme = File.ReadAllText(Repository.PathOf("README.md"));
        string compiled = Between(source.Replace("Directory.CreateTempSubdirectory(\"arrowcid-readme-\").FullName", $"\"{Place}\""
            , StringComparison.Ordinal), $"        {Start}\n", $"        {End}");
        Assert.Equal(Lines(Between(readme, "```csharp\n", "```")), Lines(compiled));
    }

    [Fact]
    public void The_sketch_runs()
    {
        // README: from here
        using var store = CidStore.Open(Directory.CreateTempSubdirectory("arrowcid-readme-").FullName);

        RecordBatch batch = new RecordBatch.Builder()              // of Apache.Arrow
            .Append("px", true, column => column.Double(px => px.AppendRange([101.5, 101.75, 101.25])))
            .Append("qty", true, column => column.Int32(qty => qty.AppendRange([100, 20, 300])))
            .Build();
        PutResult put = store.Put(batch);                          // put.Cid, put.IsNew

        using BatchLease? lease = store.TryGet(put.Cid);           // in any process; null: not here
        ReadOnlySpan<double> px = lease!.Column<double>("px").Values;   // the quickest: no copy, no object
        var qty = (Int32Array)lease.Array("qty");                  // one column as an Arrow array, no copy
        RecordBatch all = lease.Batch;                             // all of them
        // README: to here
        Assert.True(put.IsNew);
        Assert.Equal([101.5, 101.75, 101.25], px.ToArray());
        Assert.Equal([100, 20, 300], qty.Values);
        Assert.Equal((2, 3), (all.ColumnCount, all.Length));
        string place = store.Directory;
        store.Dispose();
        Directory.Delete(place, recursive: true);
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string[] Lines(string text) =>
        [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
}
