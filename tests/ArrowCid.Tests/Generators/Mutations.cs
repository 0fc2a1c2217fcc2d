using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>Changes to what a batch says; each must change the canonical block. Null where a batch has nothing to
/// change.</summary>
internal sealed class Mutations(Random random)
{
    private readonly RandomValues _values = new(random);

    public (string Name, Func<Logical, Logical?> Change)[] All =>
    [
        ("a value", OneValue), ("a null", OneNull), ("two rows swapped", SwapRows), ("a row less", DropRow),
        ("a row more", RepeatRow), ("two columns swapped", SwapColumns), ("a field", says => Fields(says)),
        ("schema metadata", Metadata), ("nullability", Nullability), ("an ordered entry", OrderedEntry),
    ];

    private Logical? OneValue(Logical says)
    {
        if (Cell(says) is not (int c, int row)) return null;
        Value? changed = Other(says.Schema.Fields[c], says.Shapes[c], says.Columns[c][row]);
        return changed is null ? null : With(says, c, row, changed);
    }

    private Logical? OneNull(Logical says)
    {
        if (Cell(says) is not (int c, int row)) return null;
        Field field = says.Schema.Fields[c];
        if (!says.Columns[c][row].IsNull)
            return field.IsNullable && RandomSchema.HoldsNulls(field.Type) ? With(says, c, row, Value.Null) : null;
        Value valid = _values.Valid(field.Type, says.Shapes[c]);
        return valid.IsNull ? null : With(says, c, row, valid);
    }

    private Logical? SwapRows(Logical says)
    {
        if (says.Length < 2) return null;
        (int a, int b) = (random.Next(says.Length), random.Next(says.Length));
        if (says.Columns.All(column => Value.Same(column[a], column[b]))) return null;
        int[] order = [.. Enumerable.Range(0, says.Length).Select(i => i == a ? b : i == b ? a : i)];
        return says with { Columns = [.. says.Columns.Select(column => order.Select(i => column[i]).ToArray())] };
    }

    private Logical? DropRow(Logical says) => says.Length == 0
        ? null
        : says with { Length = says.Length - 1, Columns = [.. says.Columns.Select(column => column[..^1])] };

    private Logical? RepeatRow(Logical says) => says.Length == 0
        ? null
        : says with
        {
            Length = says.Length + 1,
            Columns = [.. says.Columns.Select(column => (Value[])[.. column, column[^1]])],
        };

    private Logical? SwapColumns(Logical says)
    {
        int count = says.Columns.Length;
        if (count < 2) return null;
        (int a, int b) = (random.Next(count), random.Next(count));
        bool alike = says.Schema.Fields[a].Equals(says.Schema.Fields[b]);
        if (alike) return null;
        int[] order = [.. Enumerable.Range(0, count).Select(i => i == a ? b : i == b ? a : i)];
        return new Logical(new Schema(order.Select(i => says.Schema.Fields[i]), says.Schema.Metadata), says.Length,
            [.. order.Select(i => says.Shapes[i])], [.. order.Select(i => says.Columns[i])]);
    }

    private Logical? Fields(Logical says)
    {
        Schema? changed = new SchemaChange(random).Of(says.Schema);
        return changed is null ? null : says with { Schema = changed };
    }

    private Logical? Metadata(Logical says)
    {
        KeyValuePair<string, string>[] pairs = [.. says.Schema.Metadata];
        if (pairs.Length > 0 && random.Next(2) == 0) pairs[0] = new(pairs[0].Key, pairs[0].Value + "!");
        else pairs = [.. pairs, new("another", "")];
        return says with { Schema = new Schema(says.Schema.Fields, pairs) };
    }

    private Logical? Nullability(Logical says)
    {
        if (says.Columns.Length == 0) return null;
        int c = random.Next(says.Columns.Length);
        Field field = says.Schema.Fields[c];
        if (field.IsNullable && says.Columns[c].Any(v => v.IsNull)) return null;
        Field[] fields = [.. says.Schema.Fields];
        fields[c] = new Field(field.Name, field.Type, !field.IsNullable, field.Metadata);
        return says with { Schema = new Schema(fields, says.Schema.Metadata) };
    }

    private Logical? OrderedEntry(Logical says)
    {
        for (int c = 0; c < says.Columns.Length; c++)
        {
            if (says.Schema.Fields[c].Type is not DictionaryType { IsOrdered: true } type
                || !RandomSchema.HasValues(type.ValueType))
                continue;
            Shape shape = says.Shapes[c];
            Value added = _values.Valid(type.ValueType, shape.Values!);
            if (!added.IsValid || shape.Entries.Any(e => Value.Same(e, added))) return null;
            var wider = new Shape([], shape.Values);
            wider.Entries.AddRange([added, .. shape.Entries]);
            Shape[] shapes = [.. says.Shapes];
            shapes[c] = wider;
            return says with { Shapes = shapes };
        }

        return null;
    }

    private (int Column, int Row)? Cell(Logical says) => says.Length == 0 || says.Columns.Length == 0
        ? null
        : (random.Next(says.Columns.Length), random.Next(says.Length));

    private static Logical With(Logical says, int column, int row, Value value)
    {
        Value[][] columns = [.. says.Columns];
        columns[column] = [.. columns[column]];
        columns[column][row] = value;
        return says with { Columns = columns };
    }

    /// <summary>Another value, changed as deep down as chance will have it.</summary>
    private Value? Other(Field field, Shape shape, Value value)
    {
        if (random.Next(3) != 0 && Deeper(field.Type, shape, value) is { } deeper) return deeper;
        for (int i = 0; i < 10; i++)
        {
            Value other = _values.Next(field, shape);
            if (!Value.Same(other, value)) return other;
        }

        return null;
    }

    private Value? Deeper(ArrowType type, Shape shape, Value value)
    {
        switch (value)
        {
            case Items { Values.Length: > 0 } items when type is NestedType nested and not RunEndEncodedType:
                int at = random.Next(items.Values.Length);
                int child = type is StructType ? at : 0;
                Field field = nested.Children[child];
                Value? part = type is MapType
                    ? Deeper(field.Type, shape.Children[0], items.Values[at])
                    : Other(field, shape.Children[child], items.Values[at]);
                if (part is null) return null;
                Value[] parts = [.. items.Values];
                parts[at] = part;
                return new Items(parts);
            case Choice choice when type is UnionType union:
                Value? chosen = Other(union.Children[choice.Child], shape.Children[choice.Child], choice.Chosen);
                return chosen is null ? null : new Choice(choice.Child, chosen);
            case Entry entry when type is DictionaryType { IsOrdered: false } dictionary:
                Value? inner = Deeper(dictionary.ValueType, shape.Values!, entry.Inner);
                return inner is null ? null : new Entry(inner, entry.Place);
            default:
                return value.IsValid && type is RunEndEncodedType runs
                    ? Deeper(runs.Values.Type, shape.Children[1], value)
                    : null;
        }
    }
}
