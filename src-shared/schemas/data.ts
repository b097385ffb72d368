import { z } from 'zod'
import { augmentation, path, sampleCount, validationFraction } from './data-common.ts'
import { syntheticData } from './data-synthetic.ts'

const normalize = z.boolean().default(true).meta({
  title: 'Normalize',
  description: 'Channels to mean 0 and deviation 1 of the published training set; else in [0, 1].',
})

const digitsData = z.strictObject({ kind: z.literal('digits'), validationFraction }).meta({
  title: 'Digits 8×8',
  description: '1,797 handwritten digits, 64 pixels, 10 classes (UCI).',
})
const mnistData = z
  .strictObject({
    kind: z.literal('mnist'),
    samples: z.int().min(2).max(10_000).default(10_000).meta({ title: 'Samples' }),
    validationFraction,
  })
  .meta({ title: 'MNIST 10k', description: '10,000 handwritten digits, 784 pixels, 10 classes.' })

const cifarData = z
  .strictObject({
    kind: z.literal('cifar'),
    path: path('Folder or archive', 'cifar-10-batches-bin, cifar-10-batches-py, or its .tar.gz.'),
    variant: z.enum(['cifar-10', 'cifar-100']).default('cifar-10').meta({ title: 'Variant' }),
    labels: z.enum(['fine', 'coarse']).default('fine').meta({
      title: 'Labels',
      description: 'Of CIFAR-100: 100 classes, or their 20 groups.',
    }),
    normalize,
    augmentation: augmentation.prefault({}),
  })
  .meta({ title: 'CIFAR', description: 'Images of 32×32; the published test set is held out.' })

const images = {
  size: z.int().min(1).max(4_096).default(64).meta({
    title: 'Size',
    description: 'Pixels of a side after resizing the shorter one and cropping the middle.',
  }),
  normalize,
  augmentation: augmentation.prefault({}),
}
const imageFolderData = z
  .strictObject({
    kind: z.literal('image-folder'),
    path: path('Folder', 'One folder a class, or train and val with one folder a class each.'),
    ...images,
    validationFraction,
  })
  .meta({ title: 'Image folder', description: 'As ImageNet is kept; read image by image.' })
const webdatasetData = z
  .strictObject({
    kind: z.literal('webdataset'),
    path: path(
      'Folder or .tar',
      'Shards of images with their .cls; those with val in their name are held out.',
    ),
    classes: z.int().min(2).max(1_000_000).optional().meta({
      title: 'Classes',
      description: 'Default: the largest label + 1.',
    }),
    ...images,
    validationFraction,
  })
  .meta({ title: 'WebDataset', description: 'Tar shards; read image by image.' })

const imageParquetData = z
  .strictObject({
    kind: z.literal('image-parquet'),
    path: path('.parquet file', 'With images as Hugging Face keeps them.'),
    image: z.string().min(1).max(1_000).default('image').meta({ title: 'Image column' }),
    target: z.string().min(1).max(1_000).default('label').meta({ title: 'Label column' }),
    ...images,
    validationFraction,
  })
  .meta({ title: 'Parquet of images', description: 'Read image by image.' })

const idxData = z
  .strictObject({
    kind: z.literal('idx'),
    path: path('Folder', 'train-images-idx3-ubyte(.gz) and its labels; t10k is held out.'),
    augmentation: augmentation.prefault({}),
  })
  .meta({ title: 'IDX images', description: 'MNIST, Fashion-MNIST and others of their format.' })

const textData = z
  .strictObject({
    kind: z.literal('text'),
    path: z.string().min(1).max(4_096).optional().meta({
      title: 'Folder or file',
      description: 'WikiText, Penn Treebank or plain text; default: the King James Bible.',
    }),
    task: z.enum(['language-model', 'next-token']).default('next-token').meta({
      title: 'Task',
      description: 'Each token from those before it, or one token from the window before.',
    }),
    vocabulary: z.enum(['bytes', 'words', 'tokenizer']).default('bytes').meta({
      title: 'Vocabulary',
    }),
    vocabularySize: z.int().min(2).max(1_000_000).optional().meta({
      title: 'Largest vocabulary',
      advanced: true,
      description: 'The most frequent words; the others are <unk>.',
    }),
    tokenizer: z.string().min(1).max(4_096).optional().meta({
      title: 'tokenizer.json',
      advanced: true,
      description: 'As Hugging Face writes it.',
    }),
    context: z
      .int()
      .min(1)
      .max(4_096)
      .default(4)
      .meta({ title: 'Context', description: 'Tokens a sample has.' }),
    samples: sampleCount.optional().meta({
      title: 'Samples',
      description:
        'Windows drawn by the seed; default: 20,000 of one token, all of a language model.',
    }),
    validationFraction,
  })
  .meta({ title: 'Text' })

const fileData = z
  .strictObject({
    kind: z.literal('file'),
    path: path(
      'File',
      '.npz or .safetensors with x and y, .parquet, or .csv(.gz) with the target last.',
    ),
    task: z
      .enum(['classification', 'regression'])
      .default('classification')
      .meta({ title: 'Task' }),
    target: z.string().min(1).max(1_000).default('label').meta({
      title: 'Target column',
      description: 'Of a .parquet file.',
    }),
    tokens: z.boolean().default(false).meta({
      title: 'Tokens',
      description: 'Whether x [n, length] holds numbers of tokens.',
    }),
    standardize: z.boolean().default(true).meta({ title: 'Standardize features' }),
    validationFraction,
  })
  .meta({ title: 'File on this machine' })

/** Where an experiment's samples come from. */
export const dataSchema = z.discriminatedUnion('kind', [
  digitsData,
  mnistData,
  cifarData,
  imageFolderData,
  webdatasetData,
  imageParquetData,
  idxData,
  textData,
  ...syntheticData,
  fileData,
])

export type DataSpec = z.infer<typeof dataSchema>
