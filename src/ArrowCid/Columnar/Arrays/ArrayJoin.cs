using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>
/// Arrays of one type, one after another, as one. Values are copied as they are, junk under nulls too, with two cares:
/// offsets must run forward inside their data (or the join would move a fault to other bytes), and what points outside
/// its own part (a view, a list view, a union's offset) points outside the whole still.
/// </summary>
internal static partial class ArrayJoin
{
    /// <summary>An array without slots.</summary>
    public static ArrowArray Empty(ArrowType type) =>
        new(type, 0, new ReadOnlyMemory<byte>[type.Layout().BufferCount()],
            [.. type.Children.Select(child => Empty(child.Type))], nullCount: 0);

    /// <summary>The parts as one array; a lone part with slots is given back as it is.</summary>
    /// <param name="parts">One or more arrays of equal types. Dictionary arrays bring one dictionary, or none.</param>
    /// <param name="path">The field, for messages.</param>
    /// <param name="budget">Counts what the join takes.</param>
    /// <exception cref="InvalidArrowException">A part's offsets or run ends break the format's rules, or the whole has
    /// more than 2^31 - 1 slots or bytes, or is over the budget.</exception>
    public static ArrowArray Join(IReadOnlyList<ArrowArray> parts, FieldPath path, ByteBudget budget)
    {
        ArrowArray[] used = [.. parts.Where(part => part.Length > 0)];
        if (used.Length == 0) return parts[0];
        if (used.Length == 1) return used[0];
        return new Joiner(used, path, budget).Join();
    }

    /// <summary>One join: the parts, and what is known of the whole.</summary>
    private readonly partial struct Joiner
    {
        private readonly ArrowArray[] _parts;
        private readonly FieldPath _path;
        private readonly ByteBudget _budget;
        private readonly ArrowType _type;
        private readonly int _length;

        public Joiner(ArrowArray[] parts, FieldPath path, ByteBudget budget)
        {
            (_parts, _path, _budget, _type) = (parts, path, budget, parts[0].Type);
            _length = Whole(parts.Sum(part => (long)part.Length), "slots");
        }

        public ArrowArray Join() => _parts[0].Layout switch
        {
            BufferLayout.Null => Make([]),
            BufferLayout.Bits => Make([Validity(), JoinBits(1)]),
            BufferLayout.Fixed => Make([Validity(), Fixed(1, _type.ByteWidth())]),
            BufferLayout.Dictionary => Make([Validity(), Fixed(1, _type.ByteWidth())], [], OneDictionary()),
            BufferLayout.Bytes32 => ByteColumns<int>(),
            BufferLayout.Bytes64 => ByteColumns<long>(),
            BufferLayout.ByteViews => Views(),
            BufferLayout.List32 => Lists<int>(),
            BufferLayout.List64 => Lists<long>(),
            BufferLayout.ListView32 => ListViews<int>(),
            BufferLayout.ListView64 => ListViews<long>(),
            BufferLayout.FixedSizeList => FixedSizeLists(),
            BufferLayout.Struct => Make([Validity()], SlicedChildren()),
            BufferLayout.SparseUnion => Make([Fixed(0, 1)], SlicedChildren()),
            BufferLayout.DenseUnion => DenseUnions(),
            BufferLayout.RunEnds => RunEnds(),
            var other => throw new InvalidOperationException($"No join for {other}."),
        };

        private ArrowArray Make(ReadOnlyMemory<byte>[] buffers, ArrowArray[]? children = null,
            ArrowArray? dictionary = null) =>
            new(_type, _length, buffers, children, dictionary);

        private int Whole(long count, string what) => count <= int.MaxValue
            ? (int)count
            : throw new InvalidArrowException($"joined dictionaries have {count} {what}, over 2^31 - 1", _path,
                code: ErrorCode.TooLarge);

        private byte[] Take(long bytes)
        {
            if (bytes > Array.MaxLength) _ = Whole(Math.Max(bytes, 1L << 31), "bytes");
            _budget.Take(bytes, _path);
            return new byte[bytes];
        }

        private ArrowArray? OneDictionary()
        {
            ArrowArray? dictionary = _parts[0].Dictionary;
            return Array.TrueForAll(_parts, part => ReferenceEquals(part.Dictionary, dictionary))
                ? dictionary
                : throw new InvalidOperationException("Arrays over several dictionaries cannot be joined as they are.");
        }

        private ReadOnlyMemory<byte> Validity()
        {
            if (Array.TrueForAll(_parts, part => part.Validity.IsEmpty)) return default;
            byte[] target = Take(Bits.ByteCount(_length));
            int at = 0;
            foreach (ArrowArray part in _parts)
            {
                if (part.Validity.IsEmpty) Bits.Fill(target, at, part.Length);
                else Bits.Copy(part.Validity, part.Offset, target, at, part.Length);
                at += part.Length;
            }

            return target;
        }

        private ReadOnlyMemory<byte> JoinBits(int buffer)
        {
            byte[] target = Take(Bits.ByteCount(_length));
            int at = 0;
            foreach (ArrowArray part in _parts)
            {
                Bits.Copy(part.Buffers[buffer].Span, part.Offset, target, at, part.Length);
                at += part.Length;
            }

            return target;
        }

        private ReadOnlyMemory<byte> Fixed(int buffer, int width)
        {
            byte[] target = Take((long)_length * width);
            int at = 0;
            foreach (ArrowArray part in _parts)
            {
                int bytes = part.Length * width;
                part.Buffers[buffer].Span.Slice(part.Offset * width, bytes).CopyTo(target.AsSpan(at));
                at += bytes;
            }

            return target;
        }

        private static ReadOnlySpan<T> Numbers<T>(ArrowArray part, int buffer, int count) where T : unmanaged =>
            MemoryMarshal.Cast<byte, T>(part.Buffers[buffer].Span).Slice(part.Offset, count);

        /// <summary>A part's offsets, checked to run forward from 0 or more to an end or less.</summary>
        private ReadOnlySpan<T> Offsets<T>(ArrowArray part, long end) where T : unmanaged, IBinaryInteger<T>
        {
            ReadOnlySpan<T> offsets = Numbers<T>(part, 1, part.Length + 1);
            return T.IsNegative(offsets[0]) || long.CreateChecked(offsets[^1]) > end
                || OffsetRule.FirstBackward(offsets) >= 0
                ? throw new InvalidArrowException("a dictionary's offsets run backward or outside their data", _path)
                : offsets;
        }

        /// <summary>All parts' offsets after one another, from 0.</summary>
        private byte[] JoinOffsets<T>(long[] starts, long[] ends) where T : unmanaged, IBinaryInteger<T>
        {
            byte[] bytes = Take((_length + 1L) * SizeOf<T>());
            Span<T> target = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
            int at = 0;
            long before = 0;
            for (int i = 0; i < _parts.Length; i++)
            {
                ReadOnlySpan<T> offsets = Numbers<T>(_parts[i], 1, _parts[i].Length);
                OffsetRule.Shift(offsets, T.CreateTruncating(before - starts[i]), target[at..]);
                at += offsets.Length;
                before += ends[i] - starts[i];
            }

            target[at] = T.CreateTruncating(before);
            return bytes;
        }

        private (long[] Starts, long[] Ends, int Total) Extents<T>(Func<ArrowArray, long> available, string what)
            where T : unmanaged, IBinaryInteger<T>
        {
            var starts = new long[_parts.Length];
            var ends = new long[_parts.Length];
            long total = 0;
            for (int i = 0; i < starts.Length; i++)
            {
                ReadOnlySpan<T> offsets = Offsets<T>(_parts[i], available(_parts[i]));
                (starts[i], ends[i]) = (long.CreateChecked(offsets[0]), long.CreateChecked(offsets[^1]));
                total += ends[i] - starts[i];
            }

            return (starts, ends, Whole(total, what));
        }

        private ArrowArray ByteColumns<T>() where T : unmanaged, IBinaryInteger<T>
        {
            (long[] starts, long[] ends, int total) = Extents<T>(part => part.Buffers[2].Length, "bytes");
            byte[] data = Take(total);
            int at = 0;
            for (int i = 0; i < starts.Length; i++)
            {
                int bytes = (int)(ends[i] - starts[i]);
                _parts[i].Buffers[2].Span.Slice((int)starts[i], bytes).CopyTo(data.AsSpan(at));
                at += bytes;
            }

            return Make([Validity(), JoinOffsets<T>(starts, ends), data]);
        }

        private ArrowArray Lists<T>() where T : unmanaged, IBinaryInteger<T>
        {
            (long[] starts, long[] ends, _) = Extents<T>(part => part.Children[0].Length, "elements");
            ArrowArray child = JoinChild(0, (part, i) =>
                part.Children[0].Slice((int)starts[i], (int)(ends[i] - starts[i])));
            return Make([Validity(), JoinOffsets<T>(starts, ends)], [child]);
        }

        private ArrowArray JoinChild(int index, Func<ArrowArray, int, ArrowArray> cut) =>
            ArrayJoin.Join([.. _parts.Select(cut)], new FieldPath(_path, _type.Children[index].Name), _budget);

        private static int SizeOf<T>() where T : unmanaged => ArrowCid.Memory.SizeOf.Type<T>();
    }
}
