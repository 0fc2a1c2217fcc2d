using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

internal static partial class ArrayJoin
{
    private readonly partial struct Joiner
    {
        // Outside every buffer and child: what pointed outside its part keeps doing so.
        private const int Outside = int.MaxValue;

        private ArrowArray[] SlicedChildren()
        {
            var children = new ArrowArray[_type.Children.Count];
            for (int c = 0; c < children.Length; c++)
            {
                int index = c;
                children[c] = JoinChild(c, (part, _) => part.Children[index].Slice(part.Offset, part.Length));
            }

            return children;
        }

        private ArrowArray FixedSizeLists()
        {
            int size = ((FixedSizeListType)_type).ListSize;
            _ = Whole((long)_length * size, "elements");
            return Make([Validity()],
                [JoinChild(0, (part, _) => part.Children[0].Slice(part.Offset * size, part.Length * size))]);
        }

        /// <summary>Data buffers are borrowed as they are; only their numbers in the views change.</summary>
        private ArrowArray Views()
        {
            byte[] views = Take((long)_length * ByteView.Size);
            var buffers = new List<ReadOnlyMemory<byte>> { Validity(), views };
            int at = 0;
            foreach (ArrowArray part in _parts)
            {
                int bytes = part.Length * ByteView.Size, before = buffers.Count - 2, own = part.Buffers.Length - 2;
                Span<byte> target = views.AsSpan(at, bytes);
                part.Buffers[1].Span.Slice(part.Offset * ByteView.Size, bytes).CopyTo(target);
                buffers.AddRange(part.Buffers[2..]);
                at += bytes;
                for (; !target.IsEmpty; target = target[ByteView.Size..])
                {
                    if ((uint)ByteView.Length(target) <= ByteView.MaxInline) continue;
                    int number = ByteView.Buffer(target);
                    number = (uint)number < (uint)own ? before + number : Outside;
                    BinaryPrimitives.WriteInt32LittleEndian(target[8..], number);
                }
            }

            return Make([.. buffers]);
        }

        private ArrowArray ListViews<T>() where T : unmanaged, IBinaryInteger<T>
        {
            byte[] offsetBytes = Take((long)_length * SizeOf<T>()), sizeBytes = Take((long)_length * SizeOf<T>());
            Span<T> offsets = MemoryMarshal.Cast<byte, T>(offsetBytes.AsSpan());
            Span<T> sizes = MemoryMarshal.Cast<byte, T>(sizeBytes.AsSpan());
            _ = Whole(_parts.Sum(part => (long)part.Children[0].Length), "elements");
            int at = 0, before = 0;
            foreach (ArrowArray part in _parts)
            {
                ReadOnlySpan<T> from = Numbers<T>(part, 1, part.Length), size = Numbers<T>(part, 2, part.Length);
                int child = part.Children[0].Length;
                for (int i = 0; i < from.Length; i++, at++)
                {
                    long first = long.CreateChecked(from[i]), count = long.CreateChecked(size[i]);
                    bool inside = first >= 0 && count >= 0 && first <= child && count <= child - first;
                    offsets[at] = T.CreateChecked(inside ? before + first : Outside);
                    sizes[at] = size[i];
                }

                before += child;
            }

            return Make([Validity(), offsetBytes, sizeBytes], [JoinChild(0, (part, _) => part.Children[0])]);
        }

        private ArrowArray DenseUnions()
        {
            ReadOnlySpan<sbyte> declared = ((UnionType)_type).TypeCodes;
            Span<int> childOf = stackalloc int[256];
            childOf.Fill(-1);
            for (int c = 0; c < declared.Length; c++) childOf[declared[c]] = c;
            var before = new long[declared.Length];
            byte[] offsetBytes = Take(_length * 4L);
            Span<int> offsets = MemoryMarshal.Cast<byte, int>(offsetBytes.AsSpan());
            int at = 0;
            foreach (ArrowArray part in _parts)
            {
                ReadOnlySpan<byte> codes = part.Buffers[0].Span.Slice(part.Offset, part.Length);
                ReadOnlySpan<int> from = Numbers<int>(part, 1, part.Length);
                for (int i = 0; i < codes.Length; i++, at++)
                {
                    int child = childOf[codes[i]];
                    bool inside = child >= 0 && (uint)from[i] < (uint)part.Children[child].Length;
                    offsets[at] = inside ? (int)Math.Min(before[child] + from[i], Outside) : Outside;
                }

                for (int c = 0; c < before.Length; c++) before[c] += part.Children[c].Length;
            }

            var children = new ArrowArray[before.Length];
            for (int c = 0; c < children.Length; c++)
            {
                int index = c;
                children[c] = JoinChild(c, (part, _) => part.Children[index]);
            }

            return Make([Fixed(0, 1), offsetBytes], children);
        }

        private ArrowArray RunEnds()
        {
            return ((RunEndEncodedType)_type).RunEnds.Type.Id switch
            {
                ArrowTypeId.Int16 => JoinRuns<short>(),
                ArrowTypeId.Int32 => JoinRuns<int>(),
                _ => JoinRuns<long>(),
            };
        }

        private ArrowArray JoinRuns<T>() where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
        {
            var runs = new (int First, int Count)[_parts.Length];
            for (int i = 0; i < runs.Length; i++) runs[i] = RunsOf<T>(_parts[i]);
            if (long.CreateChecked(T.MaxValue) < _length)
            {
                throw new InvalidArrowException(
                    $"joined dictionaries have {_length} slots, over what their run ends can count", _path,
                    code: ErrorCode.TooLarge);
            }

            int total = Whole(runs.Sum(run => (long)run.Count), "runs");
            byte[] bytes = Take((long)total * SizeOf<T>());
            Span<T> target = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
            int at = 0, before = 0;
            for (int i = 0; i < runs.Length; i++)
            {
                ArrowArray part = _parts[i];
                ArrowArray child = part.Children[0];
                foreach (T end in Numbers<T>(child, 1, child.Length).Slice(runs[i].First, runs[i].Count))
                {
                    long own = Math.Min(long.CreateChecked(end) - part.Offset, part.Length);
                    target[at++] = T.CreateChecked(before + own);
                }

                before += part.Length;
            }

            var ends = new ArrowArray(_type.Children[0].Type, total, [default, bytes], nullCount: 0);
            return Make([], [ends, JoinChild(1, (part, i) => part.Children[1].Slice(runs[i].First, runs[i].Count))]);
        }

        /// <summary>The runs that a part's slots lie in, checked to rise and to reach its end.</summary>
        private (int First, int Count) RunsOf<T>(ArrowArray part) where T : unmanaged, IBinaryInteger<T>
        {
            ArrowArray child = part.Children[0];
            ReadOnlySpan<T> ends = Numbers<T>(child, 1, child.Length);
            long from = part.Offset, to = from + part.Length, last = 0;
            int first = -1;
            for (int i = 0; i < ends.Length; i++)
            {
                long end = long.CreateChecked(ends[i]);
                if (end <= last) break;
                if (first < 0 && end > from) first = i;
                if (end >= to) return (first, i - first + 1);
                last = end;
            }

            throw new InvalidArrowException("a dictionary's run ends do not rise, or end before its last slot", _path);
        }
    }
}
