using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Columnar;

public class BatchCutTests
{
    private const Disguise Foreign = Disguise.All & ~Disguise.SchemaDress;

    /// <summary>However a writer cut its rows, and whatever lies in its memory, the blocks are those of one batch's slices.</summary>
    [Fact]
    public void Blocks_do_not_depend_on_how_the_rows_were_cut()
    {
        int joined = 0, refused = 0;
        Seeds.Run((batch, random) =>
        {
            RecordBatch[] pieces = [.. Pieces(batch.Says, random)];
            int rows = random.Next(1, batch.Says.Length + 2);
            Cid[] expected = [.. BatchCut.EveryRows([batch.Batch], rows).Select(CanonicalBlock.CidOf)];
            try
            {
                Cid[] actual = [.. BatchCut.EveryRows(pieces, rows).Select(CanonicalBlock.CidOf)];
                Assert.Equal(expected, actual);
                joined++;
            }
            catch (InvalidArrowException e) when (e.Code == ErrorCode.Unsupported && HasOrdered(batch.Says.Schema))
            {
                refused++;
            }
        });
        if (Seeds.AreMany) Assert.True(joined > 5 * refused && refused > 0, $"{joined} joined, {refused} refused");
    }

    [Theory]
    [InlineData(new[] { 10 }, 3, new[] { 3, 3, 3, 1 })]
    [InlineData(new[] { 4, 4, 4 }, 6, new[] { 6, 6 })]
    [InlineData(new[] { 1, 0, 1, 1 }, 2, new[] { 2, 1 })]
    [InlineData(new[] { 0, 0 }, 2, new[] { 0 })]
    [InlineData(new[] { 5 }, 9, new[] { 5 })]
    [InlineData(new int[0], 9, new int[0])]
    public void Every_piece_but_the_last_has_the_rows_that_were_asked_for(int[] given, int rows, int[] expected)
    {
        int next = 0;
        RecordBatch[] batches = [.. given.Select(length =>
        {
            next += length;
            return RecordBatch.Of(("n", Numbers(next - length, next)));
        })];
        RecordBatch[] cut = [.. BatchCut.EveryRows(batches, rows)];
        Assert.Equal(expected, cut.Select(batch => batch.Length));
        Assert.Equal(Enumerable.Range(0, given.Sum()), cut.SelectMany(b => b.Column<int>("n").Values.ToArray()));

        static ArrowArray Numbers(int start, int end)
        {
            var builder = new FixedBuilder<int>();
            for (int i = start; i < end; i++) builder.Append(i);
            return builder.Build();
        }
    }

    [Fact]
    public void Batches_of_another_schema_are_refused()
    {
        RecordBatch a = RecordBatch.Of(("a", new FixedBuilder<int>().Build()));
        RecordBatch b = RecordBatch.Of(("b", new FixedBuilder<int>().Build()));
        var e = Assert.Throws<ArrowCidException>(() => BatchCut.EveryRows([a, b], 1).Count());
        Assert.Equal(ErrorCode.SchemaMismatch, e.Code);
    }

    [Fact]
    public void Dictionaries_that_together_outgrow_their_index_are_refused()
    {
        RecordBatch[] batches = [Of("a"), Of("b")];
        var e = Assert.Throws<InvalidArrowException>(() => BatchCut.EveryRows(batches, 200).Count());
        Assert.Equal((ErrorCode.TooLarge, "d"), (e.Code, e.FieldPath));

        static RecordBatch Of(string prefix)
        {
            var values = new BytesBuilder();
            var indices = new byte[100];
            for (int i = 0; i < 100; i++)
            {
                values.Append($"{prefix}{i}");
                indices[i] = (byte)i;
            }

            var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
            return RecordBatch.Of(("d", new ArrowArray(type, 100, [default, indices], dictionary: values.Build())));
        }
    }

    private static IEnumerable<RecordBatch> Pieces(Logical says, Random random)
    {
        int at = 0;
        do
        {
            int length = random.Next(0, says.Length - at + 1);
            if (random.Next(3) == 0) length = says.Length - at;
            var piece = new Logical(says.Schema, length, says.Shapes, [.. says.Columns.Select(c => c[at..(at + length)])]);
            yield return MemoryLayout.Lay(piece, Foreign, random);
            at += length;
        }
        while (at < says.Length);
    }

    private static bool HasOrdered(Schema schema) => schema.Fields.Any(field => HasOrdered(field.Type));

    private static bool HasOrdered(ArrowType type) =>
        type is DictionaryType { IsOrdered: true } || type.Children.Any(child => HasOrdered(child.Type)) ||
        (type is DictionaryType d && HasOrdered(d.ValueType));
}
