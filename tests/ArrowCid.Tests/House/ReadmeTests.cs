using ArrowCid.Columnar;

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

        RecordBatch batch = RecordBatch.Of(
            ("px", ArrowArray.From<double>(new[] { 101.5, 101.75, 101.25 })),
            ("qty", ArrowArray.From<int>(new[] { 100, 20, 300 })));
        PutResult put = store.Put(batch);                          // put.Cid, put.IsNew

        using BatchLease? lease = store.TryGet(put.Cid);           // in any process; null: not here
        ReadOnlySpan<double> px = lease!.Batch.Column<double>("px").Values;
        // README: to here
        Assert.True(put.IsNew);
        Assert.Equal([101.5, 101.75, 101.25], px.ToArray());
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
