using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Ipc.Fingerprints;

public class LogicalFingerprintTests
{
    private static readonly string s_data = Path.Combine(AppContext.BaseDirectory, "Data/vectors");

    [Fact]
    public void Vectors_have_their_cids_fingerprints_and_column_cids()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("interop/vectors/blocks.json")));
        int count = 0;
        foreach (JsonElement vector in json.RootElement.GetProperty("vectors").EnumerateArray())
        {
            string[] place = vector.GetProperty("file").GetString()!.Split('#');
            string name = vector.GetProperty("name").GetString()!;
            RecordBatch batch = VectorTests.Read(new VectorBatch(Path.Combine(s_data, place[0]), int.Parse(place[1]), ""));
            Assert.Equal((name, vector.GetProperty("cid").GetString()), (name, $"{CanonicalBlock.CidOf(batch)}"));
            Assert.Equal(vector.GetProperty("bytes").GetInt64(), CanonicalBlock.Address(batch).ByteLength);
            LogicalFingerprint made = FingerprintHasher.Of([batch])!;
            Assert.Equal((name, vector.GetProperty("lfp1").GetString()), (name, made.Text));
            Assert.Equal(vector.GetProperty("columnCids").EnumerateArray().Select(each => each.GetString()),
                made.Columns.Select(column => $"{column.Value}"));
            Assert.Equal(vector.GetProperty("rows").GetInt64(), made.Rows);
            count++;
        }

        Assert.Equal(123, count);
    }

    [Fact]
    public void Vectors_of_one_word_have_one_fingerprint_and_others_differ()
    {
        Dictionary<string, HashSet<string>> found = [];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(s_data, "lfp1")))
        {
            string word = Path.GetFileName(file).Split('-', '.')[0];
            if (!found.TryGetValue(word, out HashSet<string>? those)) found[word] = those = [];
            _ = those.Add(FingerprintHasher.Of([VectorTests.Read(new VectorBatch(file, 0, ""))])!.Text);
        }

        Assert.All(found, each => Assert.Single(each.Value));
        Assert.True(found.Count > 30, $"{found.Count} words");
        Assert.Equal(found.Count, found.Values.SelectMany(each => each).Distinct().Count());
    }

    [Fact]
    public void Fingerprint_is_the_same_in_every_layout_and_cut()
    {
        Seeds.Run((batch, random) =>
        {
            string text = FingerprintHasher.Of([batch.Batch])!.Text;
            foreach (Disguise disguise in Enum.GetValues<Disguise>())
                Assert.Equal(text, FingerprintHasher.Of([MemoryLayout.Lay(batch.Says, disguise, random)])!.Text);
            int cut = random.Next(batch.Batch.Length + 1);
            RecordBatch[] parts = [batch.Batch.Slice(0, cut), batch.Batch.Slice(cut, batch.Batch.Length - cut)];
            Assert.Equal(text, FingerprintHasher.Of(parts)!.Text);
            Assert.Equal(text, FingerprintHasher.Of([CanonicalBlock.DecodeView(CanonicalBlock.Encode(batch.Batch).Bytes)])!.Text);
        });
    }

    [Fact]
    public void Fingerprint_differs_where_a_comparison_finds_a_difference_and_nowhere_else()
    {
        int same = 0, different = 0;
        Seeds.Run((batch, random) =>
        {
            string text = FingerprintHasher.Of([batch.Batch])!.Text;
            foreach ((string name, Func<Logical, Logical?> change) in new Mutations(random).All)
            {
                if (change(batch.Says) is not { } says) continue;
                RecordBatch other = MemoryLayout.Lay(says, Disguise.NanPayloads, random);
                DataComparison found = DataComparison.Between([DiffPart.Of(batch.Batch)], [DiffPart.Of(other)]);
                bool isSame = FingerprintHasher.Of([other])!.Text == text;
                Assert.True(isSame == (found.Difference is null), $"{name}: {isSame}, {found.Difference}");
                if (isSame) Assert.NotEmpty(found.Encodings);
                if (isSame) same++;
                else different++;
            }
        });
        Assert.True(different > Seeds.Least(1000) && same > Seeds.Least(50), $"{same} same, {different} different");
    }

    [Fact]
    public void First_difference_is_the_first_row_and_in_it_the_first_column()
    {
        RecordBatch a = Transfer.Rows.Csv("k,s,v\n1,x,1.5\n2,y,2.5\n3,z,3.5\n")[0];
        RecordBatch b = Transfer.Rows.Csv("k,s,v\n1,x,1.5\n2,Y,9\n4,z,3.5\n")[0];
        DataComparison found = Compare([a], [b.Slice(0, 1), b.Slice(1, 2)]);
        Assert.Equal(new DataDifference(1, "s", "a value", "\"y\"", "\"Y\""), found.Difference);
        Assert.Equal(new DataDifference(2, null, "", "a row", "no row"), Compare([a], [a.Slice(0, 2)]).Difference);
        Assert.True(Compare([a], [a]).IsIdentical);
        DataComparison cut = Compare([a], [a.Slice(0, 2), a.Slice(2, 1)]);
        Assert.False(cut.IsIdentical);
        Assert.Null(cut.Difference);
        Assert.Equal(["batches: 1 / 2"], cut.Encodings);
        RecordBatch c = Transfer.Rows.Csv("k,s\n1,x\n")[0];
        Assert.Equal(new DataDifference(-1, "v", "the name of a column", "v", "no column"), Compare([a], [c]).Difference);
        Assert.Equal("the type", Compare([a], [RecordBatch.Of(("k", ArrowArray.From<int>(new[] { 1 })), ("s", a.Column("s").Slice(0, 1)),
            ("v", a.Column("v").Slice(0, 1)))]).Difference!.Rule);
    }

    [Fact]
    public void Offsets_and_indices_that_point_outside_are_refused()
    {
        byte[] offsets = [0, 0, 0, 0, 200, 0, 0, 0];
        var text = new ArrowArray(ArrowType.Utf8, 1, [default, offsets, new byte[4]]);
        var list = new ArrowArray(new ListType(new Field("item", ArrowType.Utf8)), 1, [default, offsets], [text]);
        var coded = new ArrowArray(new DictionaryType(ArrowType.Int32, ArrowType.Utf8), 1, [default, offsets.AsMemory(4)], null,
            new ArrowArray(ArrowType.Utf8, 1, [default, new byte[8], default]));
        foreach (ArrowArray array in (ArrowArray[])[text, list, coded])
            Assert.Throws<InvalidArrowException>(() => FingerprintHasher.Of([RecordBatch.Of(("c", array))]));
    }

    [Fact]
    public void Batches_of_other_columns_have_no_fingerprint_together()
    {
        RecordBatch a = RecordBatch.Of(("a", ArrowArray.From<int>(new[] { 1 }))), b = RecordBatch.Of(("b", ArrowArray.From<int>(new[] { 1 })));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => FingerprintHasher.Of([a, b]));
        Assert.Equal(ErrorCode.SchemaMismatch, error.Code);
        Assert.Null(FingerprintHasher.Of([]));
    }

    private static DataComparison Compare(RecordBatch[] a, RecordBatch[] b) =>
        DataComparison.Between(a.Select(DiffPart.Of), b.Select(DiffPart.Of));
}
